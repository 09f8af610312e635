"""What a node computes on: its GPU, as NVIDIA's driver and torch see it. Both answering and training stand on it; it imports nothing
else of the project."""
