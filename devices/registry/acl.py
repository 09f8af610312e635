"""One Redis user per node, which can touch the node's own keys and channels and nothing else.

The database says who may be there. Redis is brought in line when a cloud worker starts, when a node finds its user
missing (Redis was restarted without a memory), and at every change.
"""

import logging
from typing import Any

import redis
from django.conf import settings

from devices.models import Node

log = logging.getLogger(__name__)
PREFIX = "node-"
# What Celery's worker and the agent's blobs need. No KEYS, no SCAN, no CONFIG, no scripts beyond the user's own keys.
COMMANDS = (
    *("hello", "auth", "ping", "multi", "exec", "publish", "subscribe", "unsubscribe"),
    *("watch", "unwatch"),  # giving back a job that was taken and never acknowledged
    *("eval", "evalsha", "script|load"),  # the lock around kombu's sweep; a script can do no more than its user
    *("brpop", "llen", "lpush", "rpush", "sadd", "smembers", "hset", "hget", "hdel", "zadd", "zrem", "zrange"),
    *("set", "setex", "get", "del", "exists"),
)


def user_name(slug: str) -> str:
    return f"{PREFIX}{slug}"


def grant(node: Node) -> None:
    """Make the node's user exactly as it has to be. Raises redis.RedisError."""
    with _connect() as client:
        _set_user(client, node)
        _keep(client)


def renew(node: Node) -> None:
    """As grant(), and end what was connected with a password that is gone. Raises redis.RedisError."""
    grant(node)
    with _connect() as client:
        client.execute_command("CLIENT", "KILL", "USER", user_name(node.slug))


def remove(slug: str) -> None:
    """Take the user away, end its connections and delete what it had in Redis. Raises redis.RedisError."""
    with _connect() as client:
        client.acl_deluser(user_name(slug))  # Redis ends the connections of a deleted user, blocked ones too
        _keep(client)
        for key in client.scan_iter(match=f"{slug}:*", count=500):
            client.delete(key)


def reconcile() -> int:
    """Bring all users of Redis in line with the database; how many there are now. Raises redis.RedisError."""
    nodes = {
        user_name(node.slug): node for node in Node.objects.filter(revoked_at=None, approved=True).exclude(redis_sha256="")
    }
    with _connect() as client:
        for name in client.acl_users():
            if name.startswith(PREFIX) and name not in nodes:
                client.acl_deluser(name)
        for node in nodes.values():
            _set_user(client, node)
        _keep(client)
    return len(nodes)


def _set_user(client: Any, node: Node) -> None:
    keys = [f"~{node.slug}:*", f"&{node.slug}:*"]
    passwords = [f"#{digest}" for digest in (node.redis_sha256, node.next_redis_sha256) if digest]
    rules = ["reset", "on", *passwords, "resetchannels", "-@all", *(f"+{name}" for name in COMMANDS), *keys]
    client.execute_command("ACL", "SETUSER", user_name(node.slug), *rules)


def _keep(client: Any) -> None:
    """Write the users to Redis's own file if it has one, so that they are there before us after its restart."""
    try:
        client.execute_command("ACL", "SAVE")
    except redis.ResponseError as error:
        log.debug("Redis keeps no file of users: %s", error)


def _connect() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=5, socket_connect_timeout=2)
