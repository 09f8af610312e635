"""Which models answer, and how nodes change to others: one after the other, so that somebody can always answer.

A name is all that this floor knows of models. Each choice has a number; a node reports the one it follows, and the reply to a
heartbeat names a newer one when it is that node's turn. A node that cannot follow says why and keeps what it has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from devices.contract.heartbeat import Models
from devices.models import Node, ProfileChoice
from devices.telemetry import presence
from webapp.accounts import audit
from webapp.live import groups
from webapp.live.events import ModelsChosen
from webapp.live.publish import publish

LONGEST_LOAD_S = 600.0  # a node that has not come back after this long is no longer waited for by the others
SWITCH_S = 1800.0  # a change that has not ended after this long is not waited for by questions


@dataclass(frozen=True)
class Choice:
    profile: str
    number: int
    previous: str
    since: datetime | None


def current() -> Choice:
    """The newest choice; until there is one, the setting."""
    row = ProfileChoice.objects.first()
    if row is None:
        return Choice(settings.PROFILE, 0, settings.PROFILE, None)
    return Choice(row.profile, row.pk, row.previous, row.since)


def active() -> str:
    return current().profile


def choose(profile: str) -> Choice:
    """Have every node change to these models, or load them again. The caller has checked that they are complete."""
    before = current()
    ProfileChoice.objects.create(profile=profile, previous=before.profile)
    audit.record(None, "reloaded" if profile == before.profile else "switched to", f"models:{profile}")
    chosen = current()
    for node in Node.objects.filter(change__has_key="refused"):  # of an earlier choice
        _withdraw_refusal(node)
        presence.announce(node)
    publish(groups.models(), ModelsChosen(profile=chosen.profile, choice=chosen.number))
    return chosen


def for_node(node: Node) -> Models | None:
    """What the reply to this node's heartbeat tells it to change to; None while others of its tier are changing."""
    chosen = current()
    if node.choice >= chosen.number or not node.profile or node.change.get("refused") == chosen.number:
        return None
    with transaction.atomic():
        ProfileChoice.objects.select_for_update().filter(pk=chosen.number).first()  # one node at a time comes through here
        if any(_is_changing(other, chosen) for other in _others(node)):
            return None
        if node.change.get("choice") != chosen.number:  # otherwise the reply was lost, or its agent is too old to follow
            node.change = {"choice": chosen.number, "told": timezone.now().isoformat()}
            Node.objects.filter(pk=node.pk).update(change=node.change)
    return Models(profile=chosen.profile, choice=chosen.number)


def refused(node: Node, choice: int, why: str) -> None:
    """The node keeps what it has. Stored once; the Devices page shows it. A refusal of an earlier choice says nothing now."""
    if node.change.get("refused") == choice or choice != current().number:
        return
    node.change = {"choice": choice, "refused": choice, "why": why}
    Node.objects.filter(pk=node.pk).update(change=node.change)
    audit.record(node.slug, "refused models", f"node:{node.slug}", why)


def repeats_no_refusal(node: Node) -> None:
    """An agent repeats its refusal in every heartbeat: one that does not has started anew, and may be able to change now."""
    if "refused" in node.change:
        _withdraw_refusal(node)


def is_changing() -> bool:
    """Whether nodes are still on their way to the chosen models, so that a question had better wait than fail."""
    chosen, now = current(), timezone.now()
    if chosen.since is None or now - chosen.since > timedelta(seconds=SWITCH_S):
        return False
    return any(_is_behind(node, chosen, now) for node in _usable())


def progress() -> dict[str, list[str]]:
    """Which nodes have changed, are on their way, or refused, for the models page."""
    chosen, now = current(), timezone.now()
    sorted_out: dict[str, list[str]] = {"ready": [], "changing": [], "refused": []}
    for node in _usable():
        refusal = node.change.get("refused") == chosen.number
        behind = not refusal and _is_behind(node, chosen, now)
        sorted_out["refused" if refusal else "changing" if behind else "ready"].append(node.slug)
    return sorted_out


def _withdraw_refusal(node: Node) -> None:
    node.change = {}
    Node.objects.filter(pk=node.pk).update(change=node.change)


def _usable() -> Iterable[Node]:
    """Those that answer: a node that never will has no models to change."""
    nodes = Node.objects.filter(revoked_at=None, approved=True).order_by("tier", "slug")
    return [node for node in nodes if not presence.cannot_answer(node)]


def _others(node: Node) -> Iterable[Node]:
    return Node.objects.filter(tier=node.tier, revoked_at=None, approved=True).exclude(pk=node.pk)


def _is_behind(node: Node, chosen: Choice, now: datetime) -> bool:
    if presence.state(node, now) in ("unseen", "offline", "revoked"):
        # A node that was told restarts, and is away for a moment; one that was off before is not waited for.
        return _is_changing(node, chosen)
    return (node.choice < chosen.number and node.change.get("refused") != chosen.number) or not node.profile


def _is_changing(node: Node, chosen: Choice) -> bool:
    """Whether this node was told and is not back yet."""
    if node.change.get("choice") != chosen.number or "told" not in node.change:
        return False
    if node.choice >= chosen.number and node.profile:
        return False
    offered_at = datetime.fromisoformat(node.change["told"])
    return timezone.now() - offered_at < timedelta(seconds=LONGEST_LOAD_S)
