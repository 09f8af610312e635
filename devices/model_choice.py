"""Which models answer, and how nodes change to others: one after the other, so that somebody can always answer.

A name, and the digest of the newest export, is all that this floor knows of models. Each choice has a number; a node reports
the one it follows, and the export that it computes with. The reply to a heartbeat names newer ones when it is that node's turn.
A node that cannot follow says why and keeps what it has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from devices.contract.heartbeat import Models, RefusedModels
from devices.models import ExportedModels, Node, ProfileChoice
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

    @cached_property
    def bundle(self) -> str:
        """Digest of the newest export; empty before the first."""
        return ExportedModels.objects.filter(profile=self.profile).values_list("digest", flat=True).first() or ""


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


def exported(profile: str, digest: str) -> None:
    """This is the newest export of a profile from now on. Nodes that compute with another are offered it."""
    if not ExportedModels.objects.filter(profile=profile, digest=digest).exists():
        ExportedModels.objects.update_or_create(profile=profile, defaults={"digest": digest})


def for_node(node: Node, chosen: Choice) -> Models | None:
    """What the reply to this node's heartbeat offers it to change to; None while others of its tier are changing."""
    is_loading = not node.profile and not presence.cannot_answer(node)
    if is_loading or _is_there(node, chosen) or _has_refused(node, chosen):
        return None
    with transaction.atomic():
        ProfileChoice.objects.select_for_update().filter(pk=chosen.number).first()  # one node at a time comes through here
        if any(_is_changing(other, chosen) for other in _others(node)):
            return None
        if not _was_offered(node, chosen):  # otherwise the reply was lost, it is under way, or its agent is too old to follow
            _store(node, {"choice": chosen.number, "bundle": chosen.bundle, "told": timezone.now().isoformat()})
    return Models(profile=chosen.profile, choice=chosen.number, bundle=chosen.bundle)


def refused(node: Node, refusal: RefusedModels) -> None:
    """The node keeps what it has. Stored once; the Devices page shows it. A refusal of earlier models says nothing now."""
    chosen = current()
    if _has_refused(node, chosen) or (refusal.choice, refusal.bundle) != (chosen.number, chosen.bundle):
        return
    _store(node, {"choice": chosen.number, "bundle": chosen.bundle, "refused": chosen.number, "why": refusal.why})
    audit.record(node.slug, "refused models", f"node:{node.slug}", refusal.why)


def noted(node: Node, sentence: str) -> None:
    """What the node does to change its models, in its own words; empty: nothing."""
    if node.change.get("note", "") != sentence:
        _store(node, {**node.change, "note": sentence})


def repeats_no_refusal(node: Node) -> None:
    """An agent repeats its refusal in every heartbeat: one that does not has started anew, and may be able to change now."""
    if "refused" in node.change:
        _withdraw_refusal(node)


def is_changing(chosen: Choice | None = None) -> bool:
    """Whether nodes are still on their way to the chosen models, so that a question had better wait than fail."""
    chosen, now = chosen or current(), timezone.now()
    if chosen.since is None or now - chosen.since > timedelta(seconds=SWITCH_S):
        return False
    return any(_is_behind(node, chosen, now) for node in _usable())


def progress() -> dict[str, list[str]]:
    """Which nodes have changed, are on their way, or refused, for the models page."""
    chosen, now = current(), timezone.now()
    sorted_out: dict[str, list[str]] = {"ready": [], "changing": [], "refused": []}
    for node in _usable():
        refusal = _has_refused(node, chosen)
        behind = not refusal and _is_behind(node, chosen, now)
        sorted_out["refused" if refusal else "changing" if behind else "ready"].append(node.slug)
    return sorted_out


def _withdraw_refusal(node: Node) -> None:
    _store(node, {})


def _store(node: Node, change: dict[str, object]) -> None:
    node.change = change
    Node.objects.filter(pk=node.pk).update(change=change)


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
    return not node.profile or not (_is_there(node, chosen) or _has_refused(node, chosen))


def _is_there(node: Node, chosen: Choice) -> bool:
    """Whether it follows the choice, with the newest export where it computes with one."""
    if node.choice < chosen.number:
        return False
    if not node.profile:
        return bool(presence.cannot_answer(node))
    own = node.profile.get("bundle", "") if node.profile["name"] == chosen.profile else ""
    return not own or chosen.bundle in ("", own)


def _was_offered(node: Node, chosen: Choice) -> bool:
    return (node.change.get("choice"), node.change.get("bundle", "")) == (chosen.number, chosen.bundle)


def _has_refused(node: Node, chosen: Choice) -> bool:
    return "refused" in node.change and _was_offered(node, chosen)


def _is_changing(node: Node, chosen: Choice) -> bool:
    """Whether this node was offered other models and has them not yet."""
    if "told" not in node.change or not _was_offered(node, chosen) or _is_there(node, chosen):
        return False
    offered_at = datetime.fromisoformat(node.change["told"])
    return timezone.now() - offered_at < timedelta(seconds=LONGEST_LOAD_S)
