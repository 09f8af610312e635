"""Thumbs up and down: what people think of answers, kept to compare it with the confidence that was stated."""
