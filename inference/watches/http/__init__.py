"""Watches over HTTP: for people and scripts, and for the agents."""
