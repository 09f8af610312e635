"""What a node computes on: its GPU, as NVIDIA's driver and torch see it. Answering and training both stand on it; it
imports nothing else of the project.
"""
