"""Watches: standing questions about cameras, evaluated on their devices; their events, stored, shown and passed on."""
