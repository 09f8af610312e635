"""Notices and node states to an MQTT broker, described so that Home Assistant shows them by itself."""
