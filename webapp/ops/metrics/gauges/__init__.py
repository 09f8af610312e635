"""Reads what is now, for the metrics of webapp.ops.metrics.read."""
