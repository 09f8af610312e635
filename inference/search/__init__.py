"""Searching photos by words and by example: vectors of both in one space."""
