"""An audit of what a node may do in Redis: every kind of key, channel and command is tried over a real connection.

Each check is one command as the node `mine` would send it; `mine` and `theirs` stand for the prefixes of two nodes. Commands
are sent inside MULTI and never executed: Redis checks permissions when it queues a command, and closing the connection
discards it. What cannot be queued (SUBSCRIBE, and the transaction commands) is sent directly.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import redis
from django.conf import settings

from devices.models import Node
from devices.registry import acl, enrolment

NOT_QUEUED = frozenset({"SUBSCRIBE", "MONITOR", "SHUTDOWN", "SAVE", "DEBUG", "PING", "WATCH", "UNWATCH"})


class Check(NamedTuple):
    group: str
    command: str
    allowed: bool  # as it should be


def _checks(group: str, allowed: bool, *commands: str) -> list[Check]:
    return [Check(group, command, allowed) for command in commands]


def _key_commands(prefix: str) -> tuple[str, ...]:
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


CHECKS: list[Check] = [
    *_checks("its own keys and channels", True, *_key_commands("mine")),
    *_checks("another node's", False, *_key_commands("theirs")),
    *_checks("a longer prefix", False, "GET minemine:blob:1", "LPUSH mine-2:stages job"),
    *_checks(
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
    *_checks("between the two", False, "RENAME mine:blob:1 theirs:blob:1", "COPY mine:blob:1 theirs:blob:1"),
    *_checks("listing keys", False, "KEYS mine:*", "SCAN 0", "RANDOMKEY", "DBSIZE"),
    *_checks(
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
    *_checks("its connection", True, "PING", "UNWATCH"),
]


def run() -> list[tuple[Check, bool]]:
    """Each check with whether Redis allows the command, using two temporary users. Raises redis.RedisError."""
    with _temporary_users() as (mine, theirs, password):
        credentials = {"username": acl.user_name(mine), "password": password}
        results = []
        for check in CHECKS:
            command = check.command.replace("theirs", theirs).replace("mine", mine)
            with _connection(**credentials) as client:
                results.append((check, _allowed(client, command)))
        return results


def _allowed(client: Any, command: str) -> bool:
    name, *arguments = (word.replace("return_1", "return 1") for word in command.split())
    connection = client.connection_pool.get_connection()
    try:
        for words in ([["MULTI"]] if name not in NOT_QUEUED else []) + [[name, *arguments]]:
            connection.send_command(*words)
            connection.read_response()
    except redis.exceptions.NoPermissionError:
        return False
    except redis.ResponseError as error:  # an older Redis does not know the command, or its settings forbid it to everybody
        return not any(reason in str(error).lower() for reason in ("unknown command", "not allowed"))
    finally:
        connection.disconnect()
    return True


@contextmanager
def _temporary_users() -> Iterator[tuple[str, str, str]]:
    mine, theirs = (f"audit-{secrets.token_hex(4)}" for _ in range(2))
    password = secrets.token_urlsafe(16)
    for slug in (mine, theirs):
        acl.grant(Node(slug=slug, redis_sha256=enrolment.sha256(password)))
    try:
        yield mine, theirs, password
    finally:
        for slug in (mine, theirs):
            acl.remove(slug)


def _connection(**credentials: str) -> Any:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, protocol=2)
    client.connection_pool.connection_kwargs.update(credentials)
    return client
