"""What a node says of itself every few seconds, and what it is told in return."""

import logging
from typing import Any

import redis
from django.utils import timezone

from devices import acl, enrol, presence
from devices.models import Node

log = logging.getLogger(__name__)
PUBLISH_S = 5  # a node that says nothing new is shown again this often


def receive(node: Node, said: dict[str, Any]) -> dict[str, Any]:
    """Keep what was said (only the fields that were) and answer. Times are the server's own."""
    now = timezone.now()
    before = (presence.state(node, now), node.queue, node.boot, bool(node.profile), node.hardware)
    told_in = _window(node.last_seen)
    changes: dict[str, Any] = {"last_seen": now}
    for field in ("boot", "queue", "profile", "hardware", "versions"):
        if field in said:
            changes[field] = said[field]
    if "sample" in said:
        changes["sensors"] = said["sample"]
    # Only a node that is still allowed: a revocation between the check of the token and here must win.
    if not Node.objects.filter(pk=node.pk, revoked_at=None).update(**changes):
        return {"state": "revoked"}
    for field, value in changes.items():
        setattr(node, field, value)
    if said.get("redis") == "refused":
        _grant_again(node)
    after = ("online", node.queue, node.boot, bool(node.profile), node.hardware)
    if after != before or _window(now) != told_in:
        enrol.announce(node)
    return {"state": "online", "simulated": presence.simulated(node), "next_s": presence.HEARTBEAT_S}


def _window(at: Any) -> int | None:
    return None if at is None else int(at.timestamp() // PUBLISH_S)


def _grant_again(node: Node) -> None:
    """Redis does not know the node: it was restarted without a memory."""
    if not (node.approved and node.redis_sha256):
        return
    try:
        acl.grant(node)
        log.info("%s has its Redis user again", node.slug)
    except redis.RedisError as error:
        log.warning("%s has no Redis user: %s", node.slug, error)
