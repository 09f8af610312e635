"""Text models: their tokens, and how an answer is searched for."""
