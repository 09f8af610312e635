"""The log of model calls, and what each person and token has used of what they may."""
