"""The agent follows the server: another version is fetched, checked, tried, and taken back where it does not work."""
