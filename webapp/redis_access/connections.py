"""Connections of the server to Redis: to the master, wherever it is at present, and to its replicas."""

import threading
import time
from functools import cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from webapp.redis_access import address

PRESENT_S = 1.0  # how long an answer of the sentinels is taken for the present one, where many ask
SHORT_S = 2.0  # how long a short call waits for Redis at most
_lock = threading.Lock()
_masters: dict[str, tuple[float, tuple[str, int]]] = {}


def connect(url: str, **options: Any) -> redis.Redis:
    """A client with a pool of its own. With sentinels, each new connection is to the master of that moment."""
    at = address.sentinels(url)
    if at is None:
        return redis.Redis.from_url(url, **options)
    master: redis.Redis = _sentinel(url).master_for(at.name, db=at.db, **at.credentials, **options)
    return master


@cache
def shared(url: str) -> redis.Redis:
    """The client of this process for short calls, which every thread may use. Its connections stay open."""
    return connect(url, socket_timeout=SHORT_S, socket_connect_timeout=SHORT_S)


def replicas(url: str, **options: Any) -> list[redis.Redis]:
    """A client for each replica that the sentinels know to be there; none without sentinels. Raises redis.RedisError."""
    at = address.sentinels(url)
    if at is None:
        return []
    places = _sentinel(url).discover_slaves(at.name)
    own: dict[str, Any] = {"db": at.db, **at.credentials, **options}
    return [redis.Redis(host=str(host), port=int(port), **own) for host, port in places]


def master(url: str) -> tuple[str, int] | None:
    """Host and port of the present master; None without sentinels. Raises redis.RedisError while there is none."""
    at = address.sentinels(url)
    if at is None:
        return None
    with _lock:
        asked, place = _masters.get(url, (-PRESENT_S, ("", 0)))
    if time.monotonic() - asked < PRESENT_S:
        return place
    found, port = _sentinel(url).discover_master(at.name)
    with _lock:
        _masters[url] = time.monotonic(), (str(found), int(port))
    return str(found), int(port)


@cache  # it holds the connections to the sentinels, which every thread may use
def _sentinel(url: str) -> Sentinel:
    at = address.sentinels(url)
    assert at is not None
    return Sentinel(list(at.places), sentinel_kwargs={**at.sentinel_options, "retry": Retry(NoBackoff(), 0)})
