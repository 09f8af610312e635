"""So that nothing of a message is lost in silence, and nothing is done that it forbids."""
