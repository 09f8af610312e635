"""Photos that stay on a device: files of its folders, and the small pictures that may come here."""
