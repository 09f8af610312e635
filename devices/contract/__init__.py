"""What crosses between server and node, and what both ends must agree on. No Django, no torch, no Celery."""
