"""Federated training over the registered nodes: runs, their pages and API, and the Flower app that trains (federation.app)."""
