"""What boards bring and this machine need not have: other versions of Python, another processor. `make boards`."""
