"""What a node says of itself every few seconds, and what it is told in return.

The answer is {"state", "simulated", "next_s"}, and while its secrets are to change also
"rotate": {"token": …, "redis_password": …}, the same ones until the node was heard with that token. The node keeps them
and starts anew with them; the old ones are good until then and not a moment longer (devices.registry.rotation).
"""

import logging
from datetime import datetime
from typing import Any

import redis
from django.utils import timezone

from devices.models import Node
from devices.registry import acl, audit, enrolment, rotation
from devices.telemetry import history, presence

log = logging.getLogger(__name__)
PUBLISH_S = 5  # a node that says nothing new is shown again this often
LASTING = ("model", "machine", "cpus")  # of the hardware: what no update of the system changes


def receive(node: Node, said: dict[str, Any]) -> dict[str, Any]:
    """Keep what was said (only the fields that were) and answer. Times are the server's own."""
    now = timezone.now()
    before = (presence.state(node, now), node.queue, node.boot, bool(node.profile), node.hardware)
    heard = node.last_seen
    told_in = _window(node, heard)
    changes: dict[str, Any] = {"last_seen": now}
    for field in ("boot", "queue", "profile", "hardware", "versions", "lanes"):
        if field in said:
            changes[field] = said[field]
    if "sample" in said:
        changes["sensors"] = history.plausible(said["sample"])
    changed = _other_board(node, said.get("hardware") or {})
    if changed:
        changes["hardware_before"] = {**changed, **node.hardware_before}
    # Only a node that is still allowed: a revocation between the check of the token and here must win.
    if not Node.objects.filter(pk=node.pk, revoked_at=None).update(**changes):
        return {"state": "revoked"}
    for field, value in changes.items():
        setattr(node, field, value)
    if "sample" in said:
        history.keep(node, node.sensors, heard, now)
    if changed:
        audit.record(node.slug, "hardware changed", node.slug, presence.changes(node))
    if said.get("redis") == "refused":
        _grant_again(node)
    after = ("online", node.queue, node.boot, bool(node.profile), node.hardware)
    if after != before or _window(node, now) != told_in:
        enrolment.announce(node)
    answer = {"state": "online", "simulated": presence.simulated(node), "next_s": presence.HEARTBEAT_S}
    return {**answer, "rotate": rotation.secrets_of(node)} if node.rotation else answer


def _other_board(node: Node, told: dict[str, Any]) -> dict[str, Any]:
    """What it was, of the lasting facts that a living node now tells otherwise."""
    before = node.hardware
    return {name: before[name] for name in LASTING if before.get(name) and told.get(name) and before[name] != told[name]}


def _window(node: Node, at: datetime | None) -> int | None:
    """Each node's windows begin at another second, so that a fleet does not speak at once."""
    return None if at is None else int((at.timestamp() + node.pk) // PUBLISH_S)


def _grant_again(node: Node) -> None:
    """Redis does not know the node: it was restarted without a memory."""
    if not (node.approved and node.redis_sha256):
        return
    try:
        acl.grant(node)
        log.info("%s has its Redis user again", node.slug)
    except redis.RedisError as error:
        log.warning("%s has no Redis user: %s", node.slug, error)
