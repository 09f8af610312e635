"""Celery's broker and result store as a node uses them: with a dozen harmless Redis commands (devices.registry.acl).

A node takes jobs from its own queue and stores their results; nothing else reads that queue. So a job that was taken and not
finished need not be put back: the server notices a node that restarts, and nobody waits for the job by then. Without that,
kombu needs no record of unacknowledged jobs, no lock around it, and with it no script. Transactions are left out because
their queue has no limit in Redis.
"""

from functools import partial
from pathlib import Path
from typing import Any

import redis
from celery.backends.redis import RedisBackend
from kombu.transport import redis as kombu_redis

from devices.agent.home import place

NAME = f"{__name__}:Transport"
RESULTS = f"{__name__}:Results"


class _Client(kombu_redis.PrefixedStrictRedis):  # type: ignore[misc]  # kombu is not typed
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Any:
        return super().pipeline(transaction=False, shard_hint=shard_hint)


class _Channel(kombu_redis.Channel):  # type: ignore[misc]
    ack_emulation = False  # no `unacked` hash beside the queue, and nothing to restore from it
    do_restore = False  # a node may not write to its own queue
    from_transport_options = (*kombu_redis.Channel.from_transport_options, "home")  # type: ignore[assignment]
    home: Path | None = None  # of the node, where it says at which place Redis is at the moment

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.home is not None:
            self.connection_class: Any = place.Connection
            self.connection_class_ssl: Any = place.EncryptedConnection
        parameters: dict[str, Any] = super()._connparams(asynchronous)
        return parameters if self.home is None else {**parameters, "home": self.home}

    def _get_client(self) -> "partial[_Client]":
        return partial(_Client, global_keyprefix=self.global_keyprefix)


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    Channel = _Channel
    # Whatever Redis answers, the remedy is to connect again: it is loading, busy, full, a replica, or was restarted without
    # its users. By itself Celery ends the worker for most of these.
    connection_errors = (*kombu_redis.Transport.connection_errors, redis.RedisError)


class Results(RedisBackend):  # type: ignore[misc]  # Celery is not typed
    def _get_pool(self, **parameters: Any) -> Any:
        home = self._transport_options.get("home")
        if home is not None:
            encrypted = parameters.get("connection_class") is self.connection_class_ssl
            parameters |= place.options(home, encrypted)
        return super()._get_pool(**parameters)

    def _set(self, key: str, value: bytes | str, expires: int | None = None) -> None:
        """Stored first: whoever misses the message finds the result."""
        self.client.setex(key, expires or self.expires, value)
        self.client.publish(key, value)
