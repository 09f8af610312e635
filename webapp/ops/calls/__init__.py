"""The log of model calls, and what people may use: pages and API."""
