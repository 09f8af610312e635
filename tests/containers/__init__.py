"""The containers as they are run: `make containers` builds the image, starts everything and tries what the documents say."""
