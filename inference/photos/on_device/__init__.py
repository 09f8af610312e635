"""Photos that stay on a device: files of its folders."""
