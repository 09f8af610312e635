"""Questions that come with several photos: which of them are meant, what each is asked, and how the answers compare."""
