"""Which nodes may take part in a step right now, and what is known about them."""

import time

from django.utils import timezone

from devices import links, presence
from devices.models import Node
from inference.link import LinkEstimate, Transfer, estimate
from inference.models import Photo
from webapp.live.errors import UserError


def online(without: set[str]) -> list[Node]:
    """Nodes that answer heartbeats and have reported a profile, least busy first."""
    now = timezone.now()
    rows = [node for node in Node.objects.filter(revoked_at=None) if node.slug not in without]
    ready = [node for node in rows if node.profile and presence.state(node, now) == "online"]
    return sorted(ready, key=lambda node: (node.queue or 0, node.slug))


def device_for(photo: Photo, wanted: str, nodes: list[Node]) -> Node:
    """The device the person chose; else one that holds the photo already; else the least busy. Raises UserError."""
    ready = [node for node in nodes if node.tier == "device"]
    if wanted:
        found = next((node for node in ready if node.slug == wanted), None)
        if found is None:
            raise UserError("node_offline", f"{wanted} is not online.", "Start it, or ask without choosing a device.", 503)
        return found
    if not ready:
        raise UserError("no_device", "No device is online.", "Start one, or look at the devices page for the reason.", 503)
    return next((node for node in ready if node.slug in photo.placed), ready[0])


def edge_for(nodes: list[Node]) -> Node | None:
    return next((node for node in nodes if node.tier == "edge"), None)


def link_of(device: Node) -> LinkEstimate:
    """What recent transfers say about a device's uplink."""
    rows = links.recent(device.slug)
    transfers = [Transfer(row.at.timestamp(), row.bytes, row.ms / 1000) for row in rows]
    return estimate(sorted(transfers, key=lambda transfer: transfer.at_s), time.time())
