"""Nodes: who they are, how they join, whether they are there, how fast their links are, and how to call them."""
