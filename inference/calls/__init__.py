"""The log of model calls, what each person and token has used of what they may, and answers that are used again."""
