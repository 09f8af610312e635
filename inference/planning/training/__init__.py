"""What a request to train says: the settings of a run that its words name."""
