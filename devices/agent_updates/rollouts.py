"""Updates of agents that are under way. What is decided is in `stages`; here it is read from and written to the database.

A rollout is a row and the nodes whose `agent_update` names it. A heartbeat only reads what the clock has decided.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from devices import agent_wheel
from devices.agent_updates import records, stages
from devices.agent_updates.records import Update
from devices.agent_updates.stages import Member
from devices.contract.protocol import UPDATE
from devices.contract.updates import AgentWheel, UpdateState, signature
from devices.models import AgentRollout, Node
from devices.telemetry import presence
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found
from webapp.notices.tell import Event, tell

log = logging.getLogger(__name__)
GIVE_UP = timedelta(minutes=90)  # after an offer: three attempts ten minutes apart, and a trial that loads other models
OTHER_WHEEL = "The server has another agent now."
IS_OFF = "ISTHMUS_AGENT_UPDATES is off."
OFF = UserError("updates_off", "This server updates no agents.", "Set ISTHMUS_AGENT_UPDATES to ask or auto.", 409)


def begin(slug: str) -> Node:
    """Have this node updated when its turn comes. Raises UserError."""
    if settings.AGENT_UPDATES == "off":
        raise OFF
    node = Node.objects.filter(slug=slug, revoked_at=None).first()
    if node is None:
        raise not_found("node")
    wheel = agent_wheel.identity()
    if UPDATE not in node.abilities:
        why = records.obstacle(node) or "Its agent is too old to update itself."
        values = {"node": slug, "reason": why}
        raise UserError(
            "cannot_update", "%(node)s does not update itself. %(reason)s", "Run the installer on it again.", 409, values
        )
    if node.versions.get("wheel") == wheel.digest:
        raise UserError(
            "up_to_date", "The agent of %(node)s is the server's already.", "There is nothing to do.", 409, {"node": slug}
        )
    if agent_wheel.is_earlier(wheel, node.versions.get("agent")):
        raise UserError(
            "newer_agent",
            "The agent of %(node)s is newer than the server's.",
            "Update the server, or run the installer on the node to go back.",
            409,
            {"node": slug},
        )
    if records.failure(node, wheel.digest):
        records.store(node, lambda update: records.asked_again(update, wheel.digest))
    _join(node, wheel)
    audit.record(None, "agent update asked for", f"node:{slug}", wheel.version)
    presence.announce(node)
    return node


def stop(why: str = "An administrator stopped it.") -> int:
    """End what is under way; nodes that already try the new agent finish. How many rollouts that were."""
    rollouts = list(AgentRollout.objects.filter(ended=None))
    for rollout in rollouts:
        _end(rollout, why)
    return len(rollouts)


def for_node(node: Node) -> AgentWheel | None:
    """What the reply to this node's heartbeat offers; None while it is not its turn."""
    update = node.agent_update
    if "offered" not in update or settings.AGENT_UPDATES == "off" or UPDATE not in node.abilities:
        return None
    wheel = agent_wheel.identity()
    if update.get("digest") != wheel.digest or node.versions.get("wheel") == wheel.digest:
        return None
    if records.failure(node, wheel.digest):
        return None
    request = records.request(update)
    signed = signature(wheel.digest, wheel.size, wheel.name, request, node.token_sha256)
    return AgentWheel(digest=wheel.digest, size=wheel.size, name=wheel.name, request=request, signature=signed)


def receive(node: Node, said: UpdateState | None) -> None:
    """What the node says of updating itself. A failure is recorded once: with an agent of this server, as last asked for."""
    said, before = said or UpdateState(), node.agent_update
    is_known = said.request != records.request(before) or bool(records.failure(node, said.digest))
    is_new = bool(said.failed) and not is_known and _is_ours(said.digest)

    def with_report(update: Update) -> Update:
        update = {**update, **said.model_dump(include={"note", "obstacle"})}
        return records.with_failure(update, said.digest, said.failed) if is_new else update

    if with_report(before) != before:
        records.store(node, with_report)
        presence.announce(node)
    if is_new:
        audit.record(node.slug, "agent update failed", f"node:{node.slug}", said.failed)


def is_needed() -> bool:
    """Whether there may be something to go on with, to stop, or to begin."""
    if AgentRollout.objects.filter(ended=None).exists():
        return True
    if settings.AGENT_UPDATES == "off":
        return False
    states = Node.objects.filter(revoked_at=None, approved=True).values_list("abilities", "versions")
    wheels = [versions.get("wheel") for abilities, versions in states if UPDATE in abilities]
    if not wheels:
        return False
    wheel = agent_wheel.known()  # where there is none yet, it is built
    return wheel is None or (settings.AGENT_UPDATES == "auto" and any(one != wheel.digest for one in wheels))


def advance(now: datetime) -> None:
    """What the clock does. Safe to run twice."""
    if settings.AGENT_UPDATES == "off":
        stop(IS_OFF)
        return
    agent_wheel.identity()  # built here, where nobody waits for an answer
    rollouts = list(AgentRollout.objects.filter(ended=None))
    if settings.AGENT_UPDATES == "auto":
        rollouts = [*rollouts, *(rollout for rollout in _begin_by_itself() if rollout not in rollouts)]
    for rollout in rollouts:
        if rollout.digest != agent_wheel.identity().digest:
            _end(rollout, OTHER_WHEEL)
        else:
            _advance(rollout, now)


def _is_ours(digest: str) -> bool:
    wheel = agent_wheel.known()
    return (wheel is not None and wheel.digest == digest) or AgentRollout.objects.filter(digest=digest).exists()


def _begin_by_itself() -> list[AgentRollout]:
    """With all that have an earlier agent, also those that came since; unless one of them has gone back from this one, or an
    administrator stopped it: then somebody looks first."""
    wheel = agent_wheel.identity()
    nodes = [node for node in Node.objects.filter(revoked_at=None, approved=True) if UPDATE in node.abilities]
    if any(records.failure(node, wheel.digest) for node in nodes):
        return []
    if AgentRollout.objects.filter(digest=wheel.digest).exclude(stopped_because__in=("", OTHER_WHEEL, IS_OFF)).exists():
        return []
    under_way = set(AgentRollout.objects.filter(ended=None, digest=wheel.digest).values_list("pk", flat=True))
    behind = [node for node in nodes if _is_behind(node, wheel) and node.agent_update.get("rollout") not in under_way]
    for node in behind:
        _join(node, wheel)
        audit.record(audit.SERVER, "agent update asked for", f"node:{node.slug}", wheel.version)
    return list(AgentRollout.objects.filter(ended=None)) if behind else []


def _is_behind(node: Node, wheel: agent_wheel.Wheel) -> bool:
    return node.versions.get("wheel") != wheel.digest and not agent_wheel.is_earlier(wheel, node.versions.get("agent"))


def _join(node: Node, wheel: agent_wheel.Wheel) -> None:
    with transaction.atomic():
        rollout, _ = AgentRollout.objects.get_or_create(digest=wheel.digest, ended=None, defaults={"version": wheel.version})
        if node.agent_update.get("rollout") == rollout.pk:
            return
        asked = {"rollout": rollout.pk, "digest": wheel.digest, "asked": timezone.now().isoformat()}
        records.store(node, lambda update: {**records.lasting(update), **asked})


def _advance(rollout: AgentRollout, now: datetime) -> None:
    nodes = {node.slug: node for node in _nodes(rollout)}
    for node in nodes.values():
        _note_health(node, rollout, now)
    members = [_member(node, rollout, now) for node in nodes.values()]
    verdict = stages.decide(members, 60 * settings.AGENT_UPDATE_MINUTES)
    for slug in verdict.offer:
        records.store(nodes[slug], lambda update: {**update, "offered": now.isoformat()})
        presence.announce(nodes[slug])
    if verdict.is_over:
        _end(rollout, verdict.why)


def _nodes(rollout: AgentRollout) -> list[Node]:
    nodes = Node.objects.filter(agent_update__rollout=rollout.pk, revoked_at=None)
    return sorted(nodes, key=lambda node: (node.agent_update.get("asked", ""), node.pk))


def _note_health(node: Node, rollout: AgentRollout, now: datetime) -> None:
    """Since when it works with the new agent."""
    if node.versions.get("wheel") != rollout.digest:
        return
    is_healthy = presence.state(node, now) == "online" and bool(node.profile or presence.cannot_answer(node))
    since = node.agent_update.get("healthy")
    if is_healthy and not since:
        records.store(node, lambda update: {**update, "healthy": now.isoformat(), "note": ""})
        audit.record(node.slug, "agent updated", f"node:{node.slug}", rollout.version)
        presence.announce(node)
    elif since and not is_healthy and not _is_proven(node, since):
        records.store(node, lambda update: {name: value for name, value in update.items() if name != "healthy"})


def _is_proven(node: Node, since: str) -> bool:
    """It had worked for long enough when it was last seen: whoever switches it off then does not stop the others."""
    worked = (node.last_seen - datetime.fromisoformat(since)).total_seconds() if node.last_seen else 0.0
    return worked >= 60 * settings.AGENT_UPDATE_MINUTES


def _member(node: Node, rollout: AgentRollout, now: datetime) -> Member:
    update: Update = node.agent_update
    reachable = presence.state(node, now) in ("online", "stale")
    if why := records.failure(node, rollout.digest):
        return Member(node.slug, "failed", reachable, why=why)
    if node.versions.get("wheel") == rollout.digest and "healthy" in update:
        return Member(node.slug, "updated", reachable, (now - datetime.fromisoformat(update["healthy"])).total_seconds())
    if "offered" not in update:
        return Member(node.slug, "waiting", reachable)
    if now - datetime.fromisoformat(update["offered"]) > GIVE_UP:
        minutes = GIVE_UP.total_seconds() / 60
        why = f"It does not work with the new agent {minutes:.0f} minutes after it was offered."
        return Member(node.slug, "failed", reachable, why=why)
    return Member(node.slug, "offered", reachable)


def _end(rollout: AgentRollout, why: str) -> None:
    """Nodes that were not offered it yet are not any more."""
    with transaction.atomic():
        if not AgentRollout.objects.filter(pk=rollout.pk, ended=None).update(ended=timezone.now(), stopped_because=why[:300]):
            return
        if why and why != OTHER_WHEEL:  # that one gets an update of its own
            values = {"version": rollout.version, "reason": why[:300]}
            tell(Event("agents.update_stopped", values, "agents", "/devices/", key=f"agents.update_stopped:{rollout.pk}"))
    for node in _nodes(rollout):
        records.store(node, records.lasting)
        presence.announce(node)
    if why:
        log.warning("the update of agents to %s ended: %s", rollout.version, why)
        audit.record(audit.SERVER, "agent update stopped", "system:agents", why[:300])
