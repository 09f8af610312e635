"""Conversations: the pages, the API and the socket around turns."""
