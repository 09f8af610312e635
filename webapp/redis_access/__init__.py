"""The one place that knows whether `REDIS_URL` names a Redis or the sentinels of several."""
