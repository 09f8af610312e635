"""What the project claims, measured again by anyone: `python -m bench.NAME [--quick] [--json]`."""
