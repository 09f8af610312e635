"""Training over the nodes: an ordinary Flower app, carried by the same agents that answer questions."""
