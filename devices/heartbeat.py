"""Heartbeats of nodes: their reports are stored, and the replies tell them what to change.

The reply is {"state", "simulated", "next_s"}, and during a rotation also "rotate": {"token": …, "redis_password": …}, the
same secrets until the node presents that token. The node stores them and restarts with them; the old ones are valid until
then and no longer (devices.registry.rotation). A node that knows other addresses of this server than the present ones gets
those as "access" (devices.registry.addresses), and one whose turn it is to change to other models, or to a newer export of
them, gets these as "models" (devices.model_choice). One that evaluates watches gets the time as "now", because its own clock
may be wrong, and where it evaluates others than it is to, those as "watches". One whose turn it is to update its agent gets the
server's wheel as "agent" (devices.agent_updates).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import redis
from django.db import transaction
from django.utils import timezone

from devices import model_choice
from devices.agent_updates import rollouts
from devices.camera_access import watch_source
from devices.contract.heartbeat import Access, RefusedModels
from devices.contract.updates import UpdateState
from devices.contract.watches import Watches
from devices.fleet import wishes
from devices.models import Node
from devices.registry import acl, addresses, rotation
from devices.telemetry import history, node_events, pace, presence
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


@dataclass
class Beat:
    """One report of a node, and what is made of it."""

    node: Node
    report: dict[str, Any]
    reply: dict[str, Any] = field(default_factory=dict)
    before: tuple[object, ...] = ()
    last_seen: datetime | None = None
    replaced: dict[str, Any] = field(default_factory=dict)
    is_revoked: bool = False


def receive(node: Node, report: dict[str, Any]) -> dict[str, Any]:
    """Store the fields present in the report and return the reply. All times are the server's own."""
    return receive_all([Beat(node, report)])[0]


def receive_all(beats: Sequence[Beat]) -> list[dict[str, Any]]:
    """The same for several nodes at once, in one transaction, in which nothing but their rows and samples is written."""
    now = timezone.now()
    pace_s = pace.present(now)
    with transaction.atomic():
        for beat in sorted(beats, key=lambda beat: beat.node.pk):  # in one order, so that two processes cannot block each other
            _store(beat, now, pace_s)
        present = [beat for beat in beats if not beat.is_revoked]
        sampled = [beat for beat in present if "sample" in beat.report]
        history.store_all([history.Sampled(beat.node.slug, beat.node.sensors, beat.last_seen) for beat in sampled], now)
    for beat in present:
        _follow_up(beat, now)
    presence.announce_all(beat.node for beat in present if _is_shown(beat, now))
    chosen = model_choice.current()
    watches = watch_source.changed({beat.node: str(beat.report["watches"]) for beat in present if "watches" in beat.report})
    for beat in beats:
        beat.reply = {"state": "revoked"} if beat.is_revoked else _reply(beat, now, chosen, watches.get(beat.node.slug))
    return [beat.reply for beat in beats]


def _store(beat: Beat, now: datetime, pace_s: float) -> None:
    node, report = beat.node, beat.report
    beat.before, beat.last_seen = (presence.state(node, now), *_news(node)), node.last_seen
    changes: dict[str, Any] = {name: report[name] for name in STORED if name in report}
    changes |= {"last_seen": now, "pace_s": pace_s}
    if "boot" in report and "abilities" not in report:
        changes["abilities"] = []  # an agent of an earlier version, perhaps in the place of a newer one
    if "sample" in report:
        changes["sensors"] = history.plausible(report["sample"])
    if report.get("profile"):
        changes["measured"] = {**node.measured, report["profile"]["name"]: report["profile"]}
    beat.replaced = replaced_hardware(node, report)
    if beat.replaced:
        changes["hardware_before"] = {**beat.replaced, **node.hardware_before}
    changes = {name: value for name, value in changes.items() if value != getattr(node, name)}
    # Only a node that is still allowed: a revocation since the token was checked must win.
    beat.is_revoked = not Node.objects.filter(pk=node.pk, revoked_at=None).update(**changes)
    if not beat.is_revoked:
        for name, value in changes.items():
            setattr(node, name, value)


def _follow_up(beat: Beat, now: datetime) -> None:
    """What a report leads to beyond the node's own row."""
    node, report = beat.node, beat.report
    node_events.record(node, now)
    if beat.replaced:
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
    if "unable" in report:
        watch_source.reported_unable(node, report["unable"])


def _is_shown(beat: Beat, now: datetime) -> bool:
    """Whether open pages are sent the node now."""
    return ("online", *_news(beat.node)) != beat.before or _window(beat.node, now) != _window(beat.node, beat.last_seen)


def _reply(beat: Beat, now: datetime, chosen: model_choice.Choice, watches: Watches | None) -> dict[str, Any]:
    node, report = beat.node, beat.report
    reply: dict[str, Any] = {
        "state": "online",
        "simulated": presence.simulated(node),
        "next_s": pace.until_next(node.slug, node.pace_s, now),
    }
    if node.rotation:
        reply["rotate"] = rotation.secrets_of(node)
    if "access" in report and (access := _present_addresses()) and access.digest != report["access"]:
        reply["access"] = access.model_dump()
    if "watches" in report:
        reply["now"] = now.timestamp()
        if watches is not None:
            reply["watches"] = watches.model_dump(mode="json")
    if models := model_choice.for_node(node, chosen):
        reply["models"] = models.model_dump()
    if wheel := rollouts.for_node(node):
        reply["agent"] = wheel.model_dump()
    return {**reply, **wishes.for_node(node)}


def _news(node: Node) -> tuple[object, ...]:
    """What open pages are sent at once when it changes."""
    return node.queue, node.boot, bool(node.profile), node.hardware, presence.refused_models(node), node.obstacles


def replaced_hardware(node: Node, report: dict[str, Any]) -> dict[str, Any]:
    """The previous values of permanent hardware facts that the report contradicts."""
    before, reported = node.hardware, report.get("hardware") or {}
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
