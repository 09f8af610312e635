"""Every kind of key, channel and command against what a node may do with it, tried over a real Redis.

Each row is one command as the node `mine` would send it. `mine` and `theirs` in its words stand for the prefixes of two nodes.
Tried inside MULTI, nothing is run: Redis checks the rights when a command is queued, and DISCARD forgets it. What cannot be
queued (SUBSCRIBE, and the transaction's own words) is sent as it is.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import redis
from django.conf import settings

from devices.models import Node
from devices.registry import acl, enrolment

PLAIN = frozenset({"SUBSCRIBE", "MONITOR", "SHUTDOWN", "SAVE", "DEBUG", "PING", "WATCH", "UNWATCH"})


class Row(NamedTuple):
    what: str
    words: str
    allowed: bool


def _rows(what: str, allowed: bool, *commands: str) -> list[Row]:
    return [Row(what, words, allowed) for words in commands]


def _each(prefix: str) -> tuple[str, ...]:
    """What Celery and the blobs do with keys."""
    return (
        f"BRPOP {prefix}:stages 1",
        f"BRPOP {prefix}:train 1",
        f"LPUSH {prefix}:stages job",
        f"LLEN {prefix}:stages",
        f"HSET {prefix}:unacked tag job",
        f"HGET {prefix}:unacked tag",
        f"WATCH {prefix}:unacked",
        f"ZADD {prefix}:unacked_index 1 tag",
        f"SADD {prefix}:_kombu.binding.stages x",
        f"SMEMBERS {prefix}:_kombu.binding.stages",
        f"SETEX {prefix}:celery-task-meta-1 300 done",
        f"GET {prefix}:blob:1",
        f"SET {prefix}:blob:1 bytes EX 60",
        f"SET {prefix}:progress:1 uplink EX 60",
        f"EXISTS {prefix}:job:1",
        f"DEL {prefix}:blob:1",
        f"PUBLISH {prefix}:celery-task-meta-1 done",
        f"SUBSCRIBE {prefix}:celery-task-meta-1",
        f"EVAL return_1 1 {prefix}:lock",
    )


ROWS: list[Row] = [
    *_rows("its own keys and channels", True, *_each("mine")),
    *_rows("another node's", False, *_each("theirs")),
    *_rows("a prefix that only begins alike", False, "GET minemine:blob:1", "LPUSH mine-2:stages job"),
    *_rows(
        "the cloud's",
        False,
        "LPUSH cloud job",
        "BRPOP cloud 1",
        "GET celery-task-meta-1",
        "SET cloud:alive 1",
        "LPUSH clock job",
        "SET clock:watching 0",
        "HGET unacked tag",
        "SMEMBERS _kombu.binding.celery",
        "PUBLISH asgi__group__devices forged",
        "SUBSCRIBE asgi__group__devices",
        "SET :1:session forged",
    ),
    *_rows("from one to the other", False, "RENAME mine:blob:1 theirs:blob:1", "COPY mine:blob:1 theirs:blob:1"),
    *_rows("finding keys", False, "KEYS mine:*", "SCAN 0", "RANDOMKEY", "DBSIZE"),
    *_rows(
        "the server itself",
        False,
        "CONFIG GET *",
        "CONFIG SET dir /tmp",
        "ACL LIST",
        "ACL WHOAMI",
        "ACL SETUSER default +@all",
        "CLIENT LIST",
        "CLIENT KILL TYPE normal",
        "FLUSHALL",
        "FLUSHDB",
        "SAVE",
        "DEBUG SLEEP 0",
        "INFO",
        "MONITOR",
        "SCRIPT FLUSH",
        "FUNCTION LIST",
        "MODULE LIST",
        "REPLICAOF 127.0.0.1 1",
        "SLOWLOG GET",
        "SWAPDB 0 1",
        "SELECT 1",
        "SHUTDOWN NOSAVE",
    ),
    *_rows("its connection", True, "PING", "UNWATCH"),
]


def measured() -> list[tuple[Row, bool]]:
    """Each row with whether Redis allows it, for two users made for this and taken away again. Raises redis.RedisError."""
    with _nodes() as (mine, theirs, password):
        address = {"username": acl.user_name(mine), "password": password}
        found = []
        for row in ROWS:
            words = row.words.replace("theirs", theirs).replace("mine", mine)
            with _connection(**address) as client:
                found.append((row, _allowed(client, words)))
        return found


def _allowed(client: Any, words: str) -> bool:
    first, *rest = (word.replace("return_1", "return 1") for word in words.split())
    connection = client.connection_pool.get_connection()
    try:
        queued = first not in PLAIN
        for command in ([["MULTI"]] if queued else []) + [[first, *rest]]:
            connection.send_command(*command)
            connection.read_response()
    except redis.exceptions.NoPermissionError:
        return False
    except redis.ResponseError as error:  # an older Redis does not know it, or its own settings forbid it to everybody
        return not any(words in str(error).lower() for words in ("unknown command", "not allowed"))
    finally:
        connection.disconnect()
    return True


@contextmanager
def _nodes() -> Iterator[tuple[str, str, str]]:
    mine, theirs = (f"matrix-{secrets.token_hex(4)}" for _ in range(2))
    password = secrets.token_urlsafe(16)
    for slug in (mine, theirs):
        acl.grant(Node(slug=slug, redis_sha256=enrolment.sha256(password)))
    try:
        yield mine, theirs, password
    finally:
        for slug in (mine, theirs):
            acl.remove(slug)


def _connection(**as_whom: str) -> Any:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, protocol=2)
    client.connection_pool.connection_kwargs.update(as_whom)
    return client
