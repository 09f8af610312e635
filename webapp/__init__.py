"""The Django project: its ground floor (settings, live events) and its roof (people, chat, commands)."""
