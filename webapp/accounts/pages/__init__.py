"""The pages about people: logging in, one's own account, and for owners everybody's."""
