"""Retention: how long what grows is stored, what that takes, and the deletion of what is older.

What there is to delete is an explicit list (`kinds.py`); how long each is stored is a setting of an administrator, whose
default comes from the environment (`periods.py`); `pruning.py` deletes in small pieces, hourly by the clock.
"""
