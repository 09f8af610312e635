"""A person's conversations: their titles and order, the search in them, and their export."""
