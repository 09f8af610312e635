"""What the stages find on a node: its Redis, its link, its lock around compute. The contract of inference.stages."""

import os
import threading
import time
from pathlib import Path
from typing import Any, cast

import redis

from devices.agent.config import Config
from devices.agent.shaping import Uplink


class Runtime:
    def __init__(self, home: Path, config: Config) -> None:
        self.home = home
        self.slug = config.slug
        self.profile_name = os.environ.get("ISTHMUS_PROFILE") or config.profile
        self.vision: Any = None  # set by inference.stages.warm
        self.compute_lock = threading.Lock()
        self.uplink = Uplink()
        self.slowdown = 1.0
        self.redis = redis.Redis.from_url(
            config.redis_url, socket_timeout=10, socket_connect_timeout=3, socket_keepalive=True, health_check_interval=15
        )
        self.simulate(config)

    def simulate(self, config: Config) -> None:
        """Take on the link and the speed the server wants simulated, at once."""
        self.uplink.bytes_per_s = config.simulated_uplink_bytes_per_s
        self.slowdown = max(1.0, config.simulated_slowdown)

    def key(self, name: str) -> str:
        return f"{self.slug}:{name}"

    def get_blob(self, name: str) -> bytes | None:
        return cast("bytes | None", self.redis.get(self.key(f"blob:{name}")))

    def put_blob(self, name: str, data: bytes, ttl_s: int) -> float:
        """Send bytes up; the seconds it took, which are the measurement of the link.

        A simulated link is waited for first and the bytes follow in one command: the same time as in slices, and a node
        that dies on the way leaves no half blob behind.
        """
        started = time.perf_counter()
        self.uplink.carry(len(data))
        self.redis.set(self.key(f"blob:{name}"), data, ex=ttl_s)
        return time.perf_counter() - started

    def pace(self, seconds: float) -> None:
        """After `seconds` of computing: wait as much longer as a slower machine would have computed."""
        if self.slowdown > 1:
            time.sleep((self.slowdown - 1) * seconds)
