"""A node's heartbeat: its report is stored, and the reply tells it what to change.

The reply is {"state", "simulated", "next_s"}, and during a rotation also "rotate": {"token": …, "redis_password": …}, the
same secrets until the node presents that token. The node stores them and restarts with them; the old ones are valid until
then and no longer (devices.registry.rotation). A node that knows other addresses of this server than the present ones gets
those as "access" (devices.registry.addresses), and one whose turn it is to change to other models, or to a newer export of
them, gets these as "models" (devices.model_choice). One that evaluates watches gets the time as "now", because its own clock
may be wrong, and where it evaluates others than it is to, those as "watches". One whose turn it is to update its agent gets the
server's wheel as "agent" (devices.agent_updates).
"""

import logging
from datetime import datetime
from typing import Any

import redis
from django.utils import timezone

from devices import model_choice
from devices.agent_updates import rollouts
from devices.camera_access import watch_source
from devices.contract.heartbeat import Access, RefusedModels
from devices.contract.updates import UpdateState
from devices.fleet import wishes
from devices.models import Node
from devices.registry import acl, addresses, rotation
from devices.telemetry import history, node_events, presence
from webapp.accounts import audit

log = logging.getLogger(__name__)
PUBLISH_S = 5  # a node without news is published this often
STORED = (
    "boot",
    "queue",
    "profile",
    "hardware",
    "versions",
    "lanes",
    "obstacles",
    "labelled",
    "choice",
    "abilities",
)  # taken over from the report as they are
PERMANENT = ("model", "machine", "cpus")  # hardware facts that no system update changes


def receive(node: Node, report: dict[str, Any]) -> dict[str, Any]:
    """Store the fields present in the report and return the reply. All times are the server's own."""
    now = timezone.now()
    before = (presence.state(node, now), *_news(node))
    last_seen = node.last_seen
    last_window = _window(node, last_seen)
    changes: dict[str, Any] = {"last_seen": now} | {field: report[field] for field in STORED if field in report}
    if "boot" in report and "abilities" not in report:
        changes["abilities"] = []  # an agent of an earlier version, perhaps in the place of a newer one
    if "sample" in report:
        changes["sensors"] = history.plausible(report["sample"])
    if report.get("profile"):
        changes["measured"] = {**node.measured, report["profile"]["name"]: report["profile"]}
    replaced = _replaced_hardware(node, report.get("hardware") or {})
    if replaced:
        changes["hardware_before"] = {**replaced, **node.hardware_before}
    # Only a node that is still allowed: a revocation since the token was checked must win.
    if not Node.objects.filter(pk=node.pk, revoked_at=None).update(**changes):
        return {"state": "revoked"}
    for field, value in changes.items():
        setattr(node, field, value)
    node_events.record(node, now)
    if "sample" in report:
        history.store(node, node.sensors, last_seen, now)
    if replaced:
        audit.record(node.slug, "hardware changed", f"node:{node.slug}", presence.changes(node))
    if report.get("redis") == "refused":
        _grant_again(node)
    if refusal := report.get("refused"):
        model_choice.refused(node, RefusedModels.model_validate(refusal))
    elif "choice" in report:
        model_choice.repeats_no_refusal(node)
    if "update" in report:
        rollouts.receive(node, UpdateState.model_validate(report["update"]) if report["update"] else None)
    if "changing" in report:
        model_choice.noted(node, report["changing"])
    after = ("online", *_news(node))
    if after != before or _window(node, now) != last_window:
        presence.announce(node)
    reply: dict[str, Any] = {"state": "online", "simulated": presence.simulated(node), "next_s": presence.HEARTBEAT_S}
    if node.rotation:
        reply["rotate"] = rotation.secrets_of(node)
    if "access" in report and (access := _present_addresses()) and access.digest != report["access"]:
        reply["access"] = access.model_dump()
    if "watches" in report:
        reply["now"] = now.timestamp()
        if watches := watch_source.changed_for(node, report["watches"]):
            reply["watches"] = watches.model_dump(mode="json")
    if models := model_choice.for_node(node):
        reply["models"] = models.model_dump()
    if wheel := rollouts.for_node(node):
        reply["agent"] = wheel.model_dump()
    return {**reply, **wishes.for_node(node)}


def _news(node: Node) -> tuple[object, ...]:
    """What open pages are sent at once when it changes."""
    return node.queue, node.boot, bool(node.profile), node.hardware, presence.refused_models(node), node.obstacles


def _replaced_hardware(node: Node, reported: dict[str, Any]) -> dict[str, Any]:
    """The previous values of permanent hardware facts that the report contradicts."""
    before = node.hardware
    return {
        name: before[name] for name in PERMANENT if before.get(name) and reported.get(name) and before[name] != reported[name]
    }


def _window(node: Node, at: datetime | None) -> int | None:
    """The publishing window of a moment. Windows are staggered by node, so that a fleet does not publish all at once."""
    return None if at is None else int((at.timestamp() + node.pk) // PUBLISH_S)


def _present_addresses() -> Access | None:
    """None while the sentinels know no master: the node has to wait as everybody else."""
    try:
        return addresses.present()
    except redis.RedisError as error:
        log.warning("no address of Redis could be offered: %s", error)
        return None


def _grant_again(node: Node) -> None:
    """Redis does not know the node's user: it was restarted without its file of users."""
    if not (node.approved and node.redis_sha256):
        return
    try:
        acl.grant(node)
        log.info("restored the Redis user of %s", node.slug)
    except redis.RedisError as error:
        log.warning("could not restore the Redis user of %s: %s", node.slug, error)
