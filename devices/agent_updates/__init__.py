"""Agents follow the server: who is offered its wheel and when, and what comes of it."""
