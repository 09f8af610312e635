"""Whether a text states only what answers state."""
