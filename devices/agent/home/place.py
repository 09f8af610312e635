"""Where Redis is, read from the node's home whenever a connection is opened: after a fail-over that is another machine.

The agent writes it there when the server says so (devices.agent.home.addresses); its training process reads the same file.
"""

from pathlib import Path
from typing import Any

import redis

from devices.agent import config
from devices.agent.config import ConfigError


class _Following:
    """Before `redis.Connection` in a class: `home` is that of the node."""

    host: str
    port: int

    def __init__(self, *, home: Path, **options: Any) -> None:
        self.home = home
        super().__init__(**options)

    def _connect(self) -> Any:
        try:
            place = config.load(self.home).redis
        except ConfigError:  # being written, or gone: what was known last may still be right
            place = None
        if place is not None:
            self.host, self.port = str(place["host"]), int(place["port"])
        return super()._connect()  # type: ignore[misc]


class Connection(_Following, redis.Connection):
    pass


class EncryptedConnection(_Following, redis.SSLConnection):
    pass


def options(home: Path, encrypted: bool) -> dict[str, Any]:
    """What a pool of connections takes besides the address."""
    return {"connection_class": EncryptedConnection if encrypted else Connection, "home": home}
