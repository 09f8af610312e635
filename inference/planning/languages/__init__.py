"""Questions and answers in other languages than English: one file for each language in words/."""
