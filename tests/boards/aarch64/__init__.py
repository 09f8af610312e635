"""An emulated 64-bit ARM board that joins a server of this machine, answers by every route and is revoked. `make boards`."""
