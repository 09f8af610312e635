"""Links with which other people of this installation read a conversation until they expire."""
