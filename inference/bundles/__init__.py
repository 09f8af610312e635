"""The server's side of bundles: exporting the models, and sending them to nodes."""
