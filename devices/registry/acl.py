"""One Redis user per node, which can touch the node's own keys and channels and nothing else.

The database is the source of truth. Redis is reconciled when a cloud worker starts, when a node finds its user missing
(Redis was restarted without its file of users), and at every change.
"""

import logging
from typing import Any

import redis
from django.conf import settings

from devices.models import Node

log = logging.getLogger(__name__)
PREFIX = "node-"
# What Celery's worker and the agent's blobs need. No KEYS, no SCAN, no CONFIG; scripts reach the user's own keys only.
COMMANDS = (
    *("hello", "auth", "ping", "multi", "exec", "publish", "subscribe", "unsubscribe"),
    *("watch", "unwatch"),  # to requeue a job that was taken and never acknowledged
    *("eval", "evalsha", "script|load"),  # the lock around kombu's requeueing; a script has its user's rights
    *("brpop", "llen", "lpush", "rpush", "sadd", "smembers", "hset", "hget", "hdel", "zadd", "zrem", "zrange"),
    *("set", "setex", "get", "del", "exists"),
)


def user_name(slug: str) -> str:
    return f"{PREFIX}{slug}"


def grant(node: Node) -> None:
    """Create or reset the node's user. Raises redis.RedisError."""
    with _connect() as client:
        _set_user(client, node)
        _save(client)


def renew(node: Node) -> None:
    """As grant(), and close connections made with the previous password. Raises redis.RedisError."""
    grant(node)
    with _connect() as client:
        client.execute_command("CLIENT", "KILL", "USER", user_name(node.slug))


def remove(slug: str) -> None:
    """Delete the user, its connections and its keys. Raises redis.RedisError."""
    with _connect() as client:
        client.acl_deluser(user_name(slug))  # Redis closes a deleted user's connections, blocked ones too
        _save(client)
        for key in client.scan_iter(match=f"{slug}:*", count=500):
            client.delete(key)


def reconcile() -> int:
    """Reconcile all node users of Redis with the database; returns how many there are now. Raises redis.RedisError."""
    nodes = {
        user_name(node.slug): node for node in Node.objects.filter(revoked_at=None, approved=True).exclude(redis_sha256="")
    }
    with _connect() as client:
        for name in client.acl_users():
            if name.startswith(PREFIX) and name not in nodes:
                client.acl_deluser(name)
        for node in nodes.values():
            _set_user(client, node)
        _save(client)
    return len(nodes)


def _set_user(client: Any, node: Node) -> None:
    keys = [f"~{node.slug}:*", f"&{node.slug}:*"]
    passwords = [f"#{digest}" for digest in (node.redis_sha256, node.next_redis_sha256) if digest]
    rules = ["reset", "on", *passwords, "resetchannels", "-@all", *(f"+{name}" for name in COMMANDS), *keys]
    client.execute_command("ACL", "SETUSER", user_name(node.slug), *rules)


def _save(client: Any) -> None:
    """Write the users to Redis's aclfile if it has one, so that a restarted Redis knows them at once."""
    try:
        client.execute_command("ACL", "SAVE")
    except redis.ResponseError as error:
        log.debug("Redis has no aclfile; skipped ACL SAVE: %s", error)


def _connect() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=5, socket_connect_timeout=2)
