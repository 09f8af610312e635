"""The library: the page and the API of a person's photos."""
