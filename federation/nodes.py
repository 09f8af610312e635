"""Which nodes can train, and which client of a run each of them serves."""

from collections.abc import Mapping, Sequence

from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError


def training() -> list[str]:
    """Nodes that are there and have a training lane, devices first: the data is theirs."""
    now = timezone.now()
    rows = Node.objects.filter(revoked_at=None, approved=True).order_by("tier", "slug")
    return [node.slug for node in rows if presence.state(node, now) in ("online", "stale") and trains(node)]


def trains(node: Node) -> bool:
    return bool((getattr(node, "lanes", None) or {}).get("train", False))


def check(spec: RunSpec) -> None:
    """Raise UserError when this could not be trained now. More clients than nodes is fine: a node then serves several, unless
    each is to train on its own photos."""
    there = training()
    if spec.dataset == "photos" and len(there) < spec.clients:
        raise UserError(
            "too_few_devices",
            f"Training on the devices' own photos with {spec.clients} clients needs as many devices; {len(there)} can train now.",
            f"Ask for {max(1, len(there))}, or start more devices.",
            409,
        )
    if there:
        return
    raise UserError(
        "no_training_node",
        "No device with a training lane is online.",
        "Start one, or see on the devices page why it cannot train.",
        409,
    )


def place(clients: Sequence[int], available: Sequence[str], before: Mapping[int, str]) -> dict[int, str]:
    """A node for each client. One that served a client before keeps it, because it remembers what that client sent; the
    others are dealt to whoever serves fewest."""
    placed = {client: before[client] for client in clients if before.get(client) in available}
    serves = {slug: sum(1 for one in placed.values() if one == slug) for slug in available}
    for client in clients:
        if client not in placed and available:
            slug = min(available, key=lambda one: (serves[one], available.index(one)))
            placed[client] = slug
            serves[slug] += 1
    return placed
