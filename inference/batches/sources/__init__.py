"""Where the photos of a batch come from: a list, what the library shows, a folder of this machine."""
