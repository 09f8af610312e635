"""Trains the reader (inference/planning/reader) on requests that people wrote for it, mixed and misspelt anew in every step."""
