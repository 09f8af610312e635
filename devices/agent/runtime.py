"""What a capability finds on a node: its Redis, its link, its cameras, the lock around compute."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import redis

from devices.agent.cameras.capture import Cameras
from devices.agent.config import Config, ConfigError
from devices.agent.home import place
from devices.agent.sensors.board import memory_mb
from devices.agent.shaping import Line, Link
from devices.agent.sharing.batch_sizes import SIZES
from devices.agent.sharing.fair_lock import FairLock, PersonalLocks
from devices.agent.uploads import Uploads
from devices.contract import protocol

PIECE_S = 0.5  # of a simulated link: how often a long transfer looks whether anybody still waits for it
KEEP_MB, SHELF_MB = "64", "500"
LEAST_FREE_MB = 80.0  # below this the next allocation of a model may be the one that the kernel ends a process for
# A link that was cut leaves connections half-open: nothing comes, and nothing fails. By default TCP asks after two hours;
# with this it is noticed in eleven seconds, and the agent connects anew.
KEEPALIVE = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3}


class Runtime:
    """`trains`: this is the process that trains; on a simulated link it lets answering go first."""

    def __init__(self, home: Path, config: Config, trains: bool = False) -> None:
        self.home = home
        self.slug = config.slug
        self.profile_name = profile_of(config)
        self.bundle = ""  # digest of the exported models to start with; empty: those in use
        self.compute_lock = FairLock()
        self.computed_at: float | None = None  # on the monotonic clock; None when its memory was given back since
        self.uplink_locks = PersonalLocks()  # people share the link; one person's transfers follow each other
        self.report: Callable[[Mapping[str, object]], None] = lambda profile: None  # a capability's profile, when it changes
        self.power_w: float | None = None  # that the board drew at the last heartbeat; None where it does not measure it
        self.cameras = Cameras()
        self.uploads = Uploads()
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.uplink = Link(line=Line(home / "uplink.line"), yields=trains)
        self.downlink = Link(line=Line(home / "downlink.line"), yields=trains)
        self.slowdown = 1.0
        # Features kept for another question about the same photo, each kind of them: those made here, those sent here.
        self.keep_bytes = _megabytes("ISTHMUS_KEEP_FEATURES_MB", os.environ.get("ISTHMUS_KEEP_FEATURES_MB") or KEEP_MB)
        # Answers that are computed at the same time.
        self.most_together = _whole_number("ISTHMUS_BATCH", os.environ.get("ISTHMUS_BATCH") or str(SIZES[-1]))
        # Of photos on its disk.
        self.shelf_bytes = _megabytes("ISTHMUS_SHELF_MB", os.environ.get("ISTHMUS_SHELF_MB") or SHELF_MB)
        self.redis = redis.Redis.from_url(
            config.redis_url,
            **(place.options(home, config.redis_url.startswith("rediss:")) if config.redis else {}),
            socket_timeout=10,
            socket_connect_timeout=3,
            socket_keepalive=True,
            socket_keepalive_options=KEEPALIVE,
            health_check_interval=15,
        )
        self.simulate(config)

    def simulate(self, config: Config) -> None:
        """Take on the link and the speed the server wants simulated, at once."""
        self.uplink.bytes_per_s = config.simulated_uplink_bytes_per_s
        self.downlink.bytes_per_s = config.simulated_downlink_bytes_per_s
        self.slowdown = max(1.0, config.simulated_slowdown)

    def link_is_free(self) -> None:
        """Called once, by the agent, when it starts."""
        self.uplink.line.clear()
        self.downlink.line.clear()

    def key(self, name: str) -> str:
        return protocol.key(self.slug, name)

    def wanted(self, job: str) -> bool:
        """Whether the server still waits for a job: it deletes the ticket when it gives up or the person stops the question."""
        return bool(self.redis.exists(protocol.ticket_key(self.slug, job)))

    def get_blob(self, name: str) -> bytes | None:
        """Fetch bytes, in the time of the simulated link; None when they have expired."""
        data = cast("bytes | None", self.redis.get(protocol.blob_key(self.slug, name)))
        if data is not None:
            self.downlink.carry(len(data))
        return data

    def put_blob(self, name: str, data: bytes, ttl_s: int, wanted: Callable[[], bool] = lambda: True) -> float | None:
        """Send bytes up; the seconds it took, which are the measurement of the link. None: nobody wanted them any more.

        A simulated link is waited for first and the bytes follow in one command: the same time as in slices, and a node
        that dies on the way leaves no half blob behind.
        """
        started = time.perf_counter()
        left = len(data)
        while left and (rate := self.uplink.bytes_per_s):
            piece = min(left, max(1, int(rate * PIECE_S)))
            self.uplink.carry(piece)
            left -= piece
            if left and not wanted():
                return None
        self.redis.set(protocol.blob_key(self.slug, name), data, ex=ttl_s)
        return time.perf_counter() - started

    def has_room(self, further_mb: float = 0.0) -> bool:
        """Whether the machine has memory to compute with, and so much more; where it does not say, it has."""
        free = memory_mb(Path("/"))[1]
        return free is None or free > LEAST_FREE_MB + further_mb

    def pace(self, seconds: float) -> None:
        """After `seconds` of computing: wait as much longer as a slower machine would have computed."""
        if self.slowdown > 1:
            time.sleep((self.slowdown - 1) * seconds)


def profile_of(config: Config) -> str:
    """The models that a node is to load."""
    return os.environ.get("ISTHMUS_PROFILE") or config.profile


def _whole_number(name: str, setting: str) -> int:
    """Raises ConfigError for what is not a whole number from 1 on."""
    if not setting.isdecimal() or int(setting) < 1:
        raise ConfigError(f"{name} must be a whole number from 1 on, not {setting[:20]!r}.")
    return int(setting)


def _megabytes(name: str, setting: str) -> int:
    """Bytes. Raises ConfigError for what is not a number."""
    try:
        return max(0, int(float(setting) * 1_000_000))
    except (ValueError, OverflowError):
        raise ConfigError(f"{name} must be a number of megabytes, not {setting[:20]!r}.") from None
