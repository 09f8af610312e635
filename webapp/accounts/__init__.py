"""Accounts: the owner's first visit, login, personal tokens for scripts."""
