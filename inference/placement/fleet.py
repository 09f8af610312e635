"""Which nodes may take part in a step right now, and what is known about them."""

import time

from django.utils import timezone

from devices import model_choice
from devices.model_choice import Choice
from devices.models import Node
from devices.producer import producers
from devices.telemetry import links, presence, trouble
from inference.engine.catalogue import Profile
from inference.models import Photo, Step
from inference.placement.link import LinkEstimate, Transfer, estimate
from inference.placement.prediction import Candidate, Load
from inference.placement.records import from_receipt
from inference.placement.timing_store import RECENT_S, Records
from webapp.live.errors import UserError

OFFLINE = "node_offline"  # code of the error where the device that has to answer does not
BUSY_S = 60.0  # how long an observed wait is expected again while heartbeats report a queue


def online(without: set[str]) -> list[Node]:
    """Nodes that questions may be given to, least busy first: by the queue of its last heartbeat, or by what this process has
    given it since."""
    now = timezone.now()
    rows = [node for node in Node.objects.filter(revoked_at=None) if node.slug not in without]
    ready = [node for node in rows if presence.usable(node, now)]
    return sorted(ready, key=lambda node: (max(node.queue or 0, producers.busy(node.slug)), node.slug))


def has_device() -> bool:
    return any(node.tier == "device" for node in online(without=set()))


def device_for(photo: Photo, wanted: str, nodes: list[Node], chosen_models: Choice | None = None) -> Node:
    """The device that the person chose; otherwise one that has the photo; otherwise the least busy. Raises UserError.

    Questions about a photo that only one device has can only be answered there.
    """
    if photo.on_device_alone:
        wanted = _home(photo, wanted)
    chosen_models = chosen_models or model_choice.current()
    ready = sorted(  # those with the chosen models first; they are few only while nodes change
        (node for node in nodes if node.tier == "device"), key=lambda node: not _follows(node, chosen_models)
    )
    if wanted:
        chosen = next((node for node in ready if node.slug == wanted), None)
        if chosen is None:
            raise _unusable(wanted)
        return chosen
    if not ready:
        raise UserError(
            "no_device", "No device is online, so nothing can answer.", "Start one, or see Devices for the reason.", 503
        )
    best = [node for node in ready if _follows(node, chosen_models) == _follows(ready[0], chosen_models)]
    return next((node for node in best if node.slug in photo.placed), best[0])


def _unusable(slug: str) -> UserError:
    node = Node.objects.filter(slug=slug, revoked_at=None).first()
    if node is not None and (why := trouble.of(node, timezone.now())):
        return UserError("node_rests", f"{slug} cannot be used now. {why}", "Ask without choosing a device.", 503)
    if node is not None and (why := presence.cannot_answer(node)):
        return UserError("node_cannot_answer", f"{slug} answers no questions. {why}", "Ask without choosing a device.", 503)
    return UserError(OFFLINE, f"{slug} is not online.", "Start it, or ask without choosing a device.", 503)


def _home(photo: Photo, wanted: str) -> str:
    slug = photo.home
    if slug is None:
        raise UserError("photo_lost", "The device no longer has this photo.", "Take or upload it again.", 410)
    if wanted not in {"", slug}:
        raise UserError("photo_elsewhere", f"Only {slug} has this photo.", f"Choose {slug}, or any device.", 409)
    return slug


def edges(nodes: list[Node]) -> list[Node]:
    """All edges among `nodes`, in the same order. They share the device's uplink."""
    return [node for node in nodes if node.tier == "edge"]


def edge_for(nodes: list[Node]) -> Node | None:
    return next(iter(edges(nodes)), None)


def edges_for(device: Node, nodes: list[Node], chosen_models: Choice | None = None) -> list[Node]:
    """The edges that have the device's models. While nodes change to others, a device that is not there yet answers alone."""
    chosen_models = chosen_models or model_choice.current()
    if not _follows(device, chosen_models):
        return []
    return [edge for edge in edges(nodes) if _follows(edge, chosen_models) and models_of(edge) == models_of(device)]


def models_of(node: Node) -> str:
    """The profile that a node with loaded models has."""
    return str(node.profile["name"])


def _follows(node: Node, chosen: Choice) -> bool:
    return node.choice >= chosen.number


def link_of(device: str) -> LinkEstimate:
    """A device's uplink, estimated from its recent transfers."""
    rows = links.evidence(device)
    return estimate([Transfer(row.at.timestamp(), row.bytes, row.ms / 1000) for row in rows], time.time())


def left_out(task: str, nodes: list[Node], profile: Profile) -> str:
    """Why some of these nodes do not answer a task, one sentence each. A node of an earlier version does not say."""
    sentences = []
    for node in nodes:
        times = node.profile["tasks"].get(task)
        if times is None and (why := node.profile.get("unavailable", {}).get(task)):
            sentences.append(f"{node.slug} was left out: {why}")
        elif times is not None and times.get("digest", "") not in ("", profile.digest_of(task)):
            sentences.append(f"{node.slug} was left out: its model for this is of another version; update its agent.")
    return " ".join(sentences)


def load(device: Node, edges: list[Node], records: Records | None = None) -> Load:
    """Waiting time at each node: by the queue of its last heartbeat or by the waits of its last jobs, whichever is longer."""
    records = records or Records(device.slug, *(edge.slug for edge in edges))
    waits = {node.slug: _waiting_ms(node, records) for node in edges}
    return Load(_waiting_ms(device, records), next(iter(waits.values()), 0.0), waits)


def _waiting_ms(node: Node, records: Records) -> float:
    """Queued jobs are assumed to be average, in batches like the recent ones. The one that ran at the time of the heartbeat is
    most likely done by now."""
    waiting, times = max(0, (node.queue or 0) - 1), [task["whole_ms"] for task in node.profile["tasks"].values()]
    batch = records.company(node.slug)
    each_ms = (sum(times) / len(times) + batch.added_ms) / batch.size
    return max(waiting * each_ms, records.waited_ms(node.slug, BUSY_S if waiting else RECENT_S))


def previous(device: Node, task: str) -> Candidate | None:
    """The candidate of the last unforced step of this task on this device, for placement's hysteresis."""
    unforced = Step.objects.filter(task=task, state="answered", receipt__device=device.slug, receipt__forced=None)
    receipt = unforced.order_by("-pk").values_list("receipt", flat=True).first()
    return from_receipt(receipt) if receipt else None
