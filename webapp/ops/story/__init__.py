"""What the database knows of one question or one training run, for whoever has to find out what happened."""
