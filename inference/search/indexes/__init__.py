"""Finding the vectors nearest to another one: in the memory of a process, or by pgvector."""
