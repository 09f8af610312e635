"""Answering: plans a question, places each step on device, edge or both, and runs it. `vision` alone runs on a board."""
