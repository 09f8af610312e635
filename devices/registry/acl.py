"""One Redis user per node, which can touch the node's own keys and channels and nothing else.

The database is the source of truth. Redis is reconciled when a cloud worker starts, when Redis was restarted or another one
became the master (devices.guard.watchdog), when a node finds its user missing, and at every change. Replicas do not take over
users: each gets them from here, so that it lets nodes in the moment it becomes the master.
"""

import logging
from collections.abc import Callable
from itertools import islice
from typing import Any

import redis
from django.conf import settings

from devices.models import Node
from webapp.redis_access import connections

log = logging.getLogger(__name__)
PREFIX = "node-"
OPTIONS: dict[str, Any] = {"decode_responses": True, "socket_timeout": 5, "socket_connect_timeout": 2}
# What the agent's transport and its blobs need (devices.agent.transport). Nothing here runs a script, blocks anybody else,
# returns more than one value, or collects commands: no KEYS or SCAN, no EVAL, no MULTI, no command that reads a whole set.
COMMANDS = (
    *("hello", "auth", "ping"),
    *("brpop", "llen", "sadd"),  # take jobs from its queues, and declare those
    *("set", "setex", "get", "del", "exists", "publish"),  # blobs, progress, results
)


def user_name(slug: str) -> str:
    return f"{PREFIX}{slug}"


def grant(node: Node) -> None:
    """Create or reset the node's user. Raises redis.RedisError."""
    _everywhere(lambda client: _set_user(client, node))


def renew(node: Node) -> None:
    """As grant(), and close connections made with the previous password. Raises redis.RedisError."""
    grant(node)
    with _connect() as client:
        client.execute_command("CLIENT", "KILL", "USER", user_name(node.slug))


def remove(slug: str) -> None:
    """Delete the user, its connections and its keys. Raises redis.RedisError."""
    _everywhere(lambda client: client.acl_deluser(user_name(slug)))  # closes the user's connections, blocked ones too
    with _connect() as client:
        own = client.scan_iter(match=f"{slug}:*", count=1000)
        while keys := list(islice(own, 1000)):
            client.unlink(*keys)  # freed by another thread of Redis: a node may have left much


def reconcile() -> int:
    """Reconcile all node users of Redis with the database; returns how many there are now. Raises redis.RedisError."""
    nodes = {
        user_name(node.slug): node for node in Node.objects.filter(revoked_at=None, approved=True).exclude(redis_sha256="")
    }

    def bring_in_line(client: Any) -> None:
        for name in client.acl_users():
            if name.startswith(PREFIX) and name not in nodes:
                client.acl_deluser(name)
        for node in nodes.values():
            _set_user(client, node)

    _everywhere(bring_in_line)
    return len(nodes)


def rules(node: Node) -> list[str]:
    """What follows ACL SETUSER and the name."""
    keys = [f"~{node.slug}:*", f"&{node.slug}:*"]
    passwords = [f"#{digest}" for digest in (node.redis_sha256, node.next_redis_sha256) if digest]
    return ["reset", "on", *passwords, "resetchannels", "-@all", *(f"+{name}" for name in COMMANDS), *keys]


def _everywhere(change: Callable[[Any], object]) -> None:
    """On the master, and as far as they answer on its replicas."""
    with _connect() as client:
        change(client)
        _save(client)
    for replica in connections.replicas(settings.REDIS_URL, **OPTIONS):
        try:
            with replica:
                change(replica)
                _save(replica)
        except redis.RedisError as error:  # reconciled when it becomes the master
            log.warning("a replica of Redis was not brought in line: %s", error)


def _set_user(client: Any, node: Node) -> None:
    client.execute_command("ACL", "SETUSER", user_name(node.slug), *rules(node))


def _save(client: Any) -> None:
    """Write the users to Redis's aclfile if it has one, so that a restarted Redis knows them at once."""
    try:
        client.execute_command("ACL", "SAVE")
    except redis.ResponseError as error:
        log.debug("Redis has no aclfile; skipped ACL SAVE: %s", error)


def _connect() -> Any:
    return connections.connect(settings.REDIS_URL, **OPTIONS)
