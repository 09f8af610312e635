"""The reader: a small trained network that turns a message into the lines of a plan (docs/planning.md)."""
