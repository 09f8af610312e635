"""Watches on the node: a cheap motion test on every frame, the model on frames that changed, events kept until delivered."""
