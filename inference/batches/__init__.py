"""One question over many photos."""
