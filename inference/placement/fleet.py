"""Which nodes may take part in a step right now, and what is known about them."""

import time

from django.utils import timezone

from devices.models import Node
from devices.telemetry import links, presence
from inference.models import Photo, Step
from inference.placement.link import LinkEstimate, Transfer, estimate
from inference.placement.prediction import Candidate, Load
from inference.placement.records import from_receipt
from inference.placement.timing_store import QUEUE_S, waited_ms
from webapp.live.errors import UserError

BUSY_S = 60.0  # how long a wait that was seen is expected again while heartbeats tell of a queue


def online(without: set[str]) -> list[Node]:
    """Nodes that answer heartbeats and have reported a profile, least busy first."""
    now = timezone.now()
    rows = [node for node in Node.objects.filter(revoked_at=None) if node.slug not in without]
    ready = [node for node in rows if node.profile and presence.state(node, now) == "online"]
    return sorted(ready, key=lambda node: (node.queue or 0, node.slug))


def device_for(photo: Photo, wanted: str, nodes: list[Node]) -> Node:
    """The device the person chose; else one that holds the photo already; else the least busy. Raises UserError.

    A photo that a device alone holds is asked about there and nowhere else.
    """
    if photo.on_device_alone:
        wanted = _home(photo, wanted)
    ready = [node for node in nodes if node.tier == "device"]
    if wanted:
        found = next((node for node in ready if node.slug == wanted), None)
        if found is None:
            raise UserError("node_offline", f"{wanted} is not online.", "Start it, or ask without choosing a device.", 503)
        return found
    if not ready:
        raise UserError("no_device", "No device is online.", "Start one, or look at the devices page for the reason.", 503)
    return next((node for node in ready if node.slug in photo.placed), ready[0])


def _home(photo: Photo, wanted: str) -> str:
    slug = next(iter(photo.placed), None)
    if slug is None:
        raise UserError("photo_lost", "The device no longer keeps this photo.", "Take or upload it again.", 410)
    if wanted not in {"", slug}:
        raise UserError("photo_elsewhere", f"{slug} alone keeps this photo.", f"Choose {slug}, or any device.", 409)
    return slug


def edge_for(nodes: list[Node]) -> Node | None:
    return next(iter(edges(nodes)), None)


def edges(nodes: list[Node]) -> list[Node]:
    """Every edge that may be used, least busy first. They share the device's uplink."""
    return [node for node in nodes if node.tier == "edge"]


def link_of(device: str) -> LinkEstimate:
    """What recent transfers say about a device's uplink, by its slug."""
    rows = links.evidence(device)
    return estimate([Transfer(row.at.timestamp(), row.bytes, row.ms / 1000) for row in rows], time.time())


def load(device: Node, edges: list[Node]) -> Load:
    """What waits at each node: as its last heartbeat counted it, or as the last jobs there found it, whichever is more."""
    waits = {node.slug: _waiting_ms(node) for node in edges}
    return Load(_waiting_ms(device), next(iter(waits.values()), 0.0), waits)


def _waiting_ms(node: Node) -> float:
    """Jobs are taken for average work. The one that ran when the heartbeat counted is most likely done by now."""
    waiting, times = max(0, (node.queue or 0) - 1), [task["whole_ms"] for task in node.profile["tasks"].values()]
    return max(waiting * sum(times) / len(times), waited_ms(node.slug, BUSY_S if waiting else QUEUE_S))


def previous(device: Node, task: str) -> Candidate | None:
    """What the last question of this kind on this device used, when nobody had asked for a route: placement's hysteresis."""
    chosen = Step.objects.filter(task=task, state="answered", receipt__device=device.slug, receipt__forced=None)
    receipt = chosen.order_by("-pk").values_list("receipt", flat=True).first()
    return from_receipt(receipt) if receipt else None
