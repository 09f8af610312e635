"""Which nodes can train, and which client of a run each of them serves."""

from collections.abc import Mapping, Sequence

from django.utils import timezone

from devices.contract.protocol import TRAINING
from devices.models import Node
from devices.telemetry import presence
from federation.app.datasets import registry as datasets
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError


def training() -> list[str]:
    """Nodes that are online and have a training worker, devices first: the data is theirs."""
    now = timezone.now()
    rows = Node.objects.filter(revoked_at=None, approved=True).order_by("tier", "slug")
    return [node.slug for node in rows if presence.state(node, now) in ("online", "stale") and trains(node)]


def trains(node: Node) -> bool:
    return bool((getattr(node, "lanes", None) or {}).get(TRAINING, False))


def check(spec: RunSpec) -> None:
    """Raises UserError when this cannot be trained now. More clients than nodes is fine: a node then serves several, unless
    each client trains on its node's own photos."""
    trainers = training()
    if datasets.by_name(spec.dataset).on_devices and len(trainers) < spec.clients:
        raise UserError(
            "too_few_devices",
            (
                f"Training on the devices' own photos with {spec.clients} clients needs as many devices; {len(trainers)} "
                f"can train now."
            ),
            f"Choose {max(1, len(trainers))}, or start more devices.",
            409,
        )
    if trainers:
        return
    raise UserError(
        "no_training_node",
        "No device with a training worker is online.",
        "Start one, or see the devices page for why it cannot train.",
        409,
    )


def place(clients: Sequence[int], available: Sequence[str], before: Mapping[int, str]) -> dict[int, str]:
    """A node for each client. A client stays on its node, which stores its state; the others go to the node with the fewest."""
    placed = {client: before[client] for client in clients if before.get(client) in available}
    serves = {slug: sum(1 for node in placed.values() if node == slug) for slug in available}
    for client in clients:
        if client not in placed and available:
            slug = min(available, key=lambda node: (serves[node], available.index(node)))
            placed[client] = slug
            serves[slug] += 1
    return placed
