"""The file of a backup: what is in it, how it is written, read and encrypted."""
