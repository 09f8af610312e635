"""An audit of what a node may do in Redis: every kind of key and channel, and every command that this Redis knows, is tried
over a real connection.

Each check is one command as the node `mine` would send it; `mine` and `theirs` stand for the prefixes of two nodes. Commands
are sent inside MULTI and never executed: Redis checks permissions when it queues a command, and closing the connection
discards it. A node may not use MULTI itself, so the temporary user may besides what a node may. What cannot be queued, and
MULTI itself, is sent directly, as a user with exactly a node's rights.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import redis
from django.conf import settings

from devices.models import Node
from devices.registry import acl, enrolment
from webapp.redis_access import connections

NOT_QUEUED = frozenset(
    {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SHUTDOWN", "SAVE", "DEBUG", "PING", "WATCH", "UNWATCH", "MULTI"}
)
QUEUING = "-queuing"  # suffix of the temporary user that may use MULTI
OTHERS = "every other command"
# Commands that every user may send: they change nothing but the connection.
HARMLESS = frozenset({"auth", "hello", "quit", "reset", "discard"})
# Tried above by themselves, or never sent inside MULTI.
LISTED_ONLY = frozenset({"multi", "exec", "watch", "unwatch", "shutdown", "debug", "monitor", "psync", "sync", "replconf"})


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
        f"LLEN {prefix}:stages",
        f"SADD {prefix}:_kombu.binding.stages x",
        f"SETEX {prefix}:celery-task-meta-1 300 done",
        f"GET {prefix}:blob:1",
        f"SET {prefix}:blob:1 bytes EX 60",
        f"SET {prefix}:progress:1 uplink EX 60",
        f"EXISTS {prefix}:job:1",
        f"DEL {prefix}:blob:1",
        f"PUBLISH {prefix}:celery-task-meta-1 done",
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
    *_checks(
        "scripts",
        False,
        "EVAL return_1 0",
        "EVAL return_1 1 mine:lock",
        "EVALSHA 0000000000000000000000000000000000000000 0",
        "EVAL_RO return_1 0",
        "FCALL f 0",
        "FUNCTION LOAD code",
        "SCRIPT LOAD return_1",
        "SCRIPT KILL",
    ),
    *_checks("what has no limit", False, "MULTI", "WATCH mine:unacked", "SUBSCRIBE mine:x", "PSUBSCRIBE mine:*"),
    *_checks(
        "its own keys in bulk",
        False,
        "SMEMBERS mine:set",
        "ZRANGE mine:index 0 -1",
        "LRANGE mine:stages 0 -1",
        "HGETALL mine:hash",
        "SORT mine:stages",
        "MGET mine:a mine:b",
        "LPUSH mine:stages job",
        "APPEND mine:blob:1 more",
        "SETRANGE mine:blob:1 500000000 x",
        "SETBIT mine:blob:1 4000000000 1",
        "ZADD mine:index 1 tag",
        "HSET mine:hash tag job",
        "XADD mine:stream * field value",
    ),
    *_checks("blocking on many keys", False, "BLPOP mine:a mine:b 0", "BZPOPMIN mine:a 0", "XREAD BLOCK 0 STREAMS mine:s 0"),
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
    *_checks("its connection", True, "PING"),
]


def run() -> list[tuple[Check, bool]]:
    """Each check with whether Redis allows the command, using temporary users. Raises redis.RedisError."""
    with _temporary_users() as (mine, theirs, password):
        results = []
        for check in [*CHECKS, *_every_other_command()]:
            queued = check.command.split()[0] not in NOT_QUEUED
            with _connection(username=acl.user_name(mine) + (QUEUING if queued else ""), password=password) as client:
                command = check.command.replace("theirs", theirs).replace("mine", mine)
                results.append((check, _allowed(client, command, queued)))
        return results


def _every_other_command() -> list[Check]:
    """Every command of this Redis that a node is not granted, with as many arguments as it takes at least."""
    with _connection() as client:
        arity = {name: abs(int(about["arity"])) for name, about in client.command().items()}
    others = sorted(set(arity) - set(acl.COMMANDS) - HARMLESS - LISTED_ONLY)
    commands = (" ".join([name.upper(), *["mine:x"] * (arity[name] - 1)]) for name in others)
    return _checks(OTHERS, False, *commands)


def _allowed(client: Any, command: str, queued: bool) -> bool:
    name, *arguments = (word.replace("return_1", "return 1") for word in command.split())
    connection = client.connection_pool.get_connection()
    try:
        for words in ([["MULTI"]] if queued else []) + [[name, *arguments]]:
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
    queuing = acl.user_name(mine) + QUEUING
    with _connection() as owner:
        owner.execute_command("ACL", "SETUSER", queuing, *acl.rules(Node(slug=mine, redis_sha256=enrolment.sha256(password))))
        owner.execute_command("ACL", "SETUSER", queuing, "+multi")
    try:
        yield mine, theirs, password
    finally:
        with _connection() as owner:
            owner.acl_deluser(queuing)
        for slug in (mine, theirs):
            acl.remove(slug)


def _connection(**credentials: str) -> Any:
    client = connections.connect(settings.REDIS_URL, socket_timeout=5, protocol=2)
    client.connection_pool.connection_kwargs.update(credentials)
    return client
