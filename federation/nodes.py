"""Which nodes can train, and which client of a run each of them serves."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils import timezone

from devices.contract.protocol import TRAINING
from devices.models import Node
from devices.telemetry import links, presence, trouble
from federation.app.datasets import photo_folder
from federation.runs import cost, feasibility
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError

PUT_PHOTOS = "Put one folder of photos for each class on them, as docs/federation.md says."


def training() -> list[str]:
    """Nodes that are online and have a training worker, devices first: the data is theirs."""
    now = timezone.now()
    rows = Node.objects.filter(revoked_at=None, approved=True).order_by("tier", "slug")
    able = [node for node in rows if trains(node) and not trouble.of(node, now)]
    return [node.slug for node in able if presence.state(node, now) in ("online", "stale")]


def trains(node: Node) -> bool:
    return bool((getattr(node, "lanes", None) or {}).get(TRAINING, False))


def labelled() -> dict[str, dict[str, int]]:
    """Nodes that can train now, each with the number of its own labelled photos by class; empty where it reports none."""
    rows = dict(Node.objects.filter(slug__in=(trainers := training())).values_list("slug", "labelled"))
    return {slug: {str(label): int(count) for label, count in (rows.get(slug) or {}).items() if count} for slug in trainers}


class Obstacle(NamedTuple):
    """Why a run cannot start now; `field` of the specification is where a person would fix it."""

    field: str
    error: UserError


def obstacle(spec: RunSpec, resumed: bool = False) -> Obstacle | None:
    """More clients than nodes is fine: a node then serves several, unless each client trains on its device's own photos."""
    photos = labelled()
    if not photos:
        sentence = "No device with a training worker is online."
        remedy = "Start one, or see the devices page for why it cannot train."
        return Obstacle("", UserError("no_training_node", sentence, remedy, 409))
    if not spec.on_devices:
        return _links(spec, list(photos), 1)
    if resumed and spec.nodes:
        return _resumable(spec, photos)
    chosen = agreed(spec, photos)
    return _chosen(spec, photos) or _classes(chosen) or _links(chosen, chosen.nodes, spec.quorum or 1)


def check(spec: RunSpec, resumed: bool = False) -> None:
    """Raises UserError when this cannot be trained now."""
    if (reason := obstacle(spec, resumed)) is not None:
        raise reason.error


def agreed(spec: RunSpec, photos: Mapping[str, Mapping[str, int]] | None = None) -> RunSpec:
    """With the device of each client and the classes of the run fixed, where devices train on their own photos."""
    if not spec.on_devices:
        return spec
    photos = labelled() if photos is None else photos
    chosen = spec.nodes or _holders(spec, photos)[: spec.clients]
    classes = spec.classes or photo_folder.union(photos.get(slug, {}) for slug in chosen)
    return spec.model_copy(update={"nodes": chosen, "classes": classes})


def _holders(spec: RunSpec, photos: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Devices with photos of the run's classes; of any, where none are named."""
    wanted = {photo_folder.same(label) for label in spec.classes}
    return [
        slug
        for slug, counts in photos.items()
        if any(not wanted or photo_folder.same(label) in wanted for label in counts)
    ]  # fmt: skip


def _chosen(spec: RunSpec, photos: Mapping[str, Mapping[str, int]]) -> Obstacle | None:
    holders = _holders(spec, photos)
    of_these = f" of {_names(spec.classes)}" if spec.classes else ""
    if spec.nodes:
        if away := [slug for slug in spec.nodes if slug not in photos]:
            sentence = f"{_names(away)} cannot train now: not online, or without a training worker."
            return Obstacle("nodes", UserError("devices_away", sentence, "Choose others, or leave the field empty.", 409))
        if without := [slug for slug in spec.nodes if slug not in holders]:
            sentence = f"{_names(without)} {_holds(without)} no labelled photos{of_these}."
            return Obstacle("nodes", UserError("no_photos", sentence, PUT_PHOTOS, 409))
        if len(spec.nodes) != spec.clients:
            sentence = f"Each client is one device; the devices named are {len(spec.nodes)}, the clients {spec.clients}."
            return Obstacle("clients", UserError("bad_spec", sentence, "Make both numbers equal.", 422))
    if not spec.nodes and len(holders) < spec.clients:
        without = [slug for slug in photos if slug not in holders]
        have = f"{_names(holders)} {_holds(holders)} some" if holders else "none holds any"
        sentence = f"{spec.clients} clients need as many devices that hold labelled photos{of_these}; {have}"
        sentence += f", {_names(without)} {_holds(without)} none." if without and holders else "."
        remedy = f"Choose {len(holders)}, or put photos on more devices." if holders else PUT_PHOTOS
        return Obstacle("clients", UserError("too_few_devices", sentence, remedy, 409))
    return None


def _classes(spec: RunSpec) -> Obstacle | None:
    if len(spec.classes) > 1:
        return None
    sentence = f"All photos are of one class ({_names(spec.classes)}); a model needs at least two to tell apart."
    return Obstacle("classes", UserError("too_few_classes", sentence, "Put photos of another class on the devices.", 409))


def _resumable(spec: RunSpec, photos: Mapping[str, Mapping[str, int]]) -> Obstacle | None:
    online = [slug for slug in spec.nodes if slug in photos]
    if len(online) >= (spec.quorum or 1):
        return None
    away = [slug for slug in spec.nodes if slug not in online]
    sentence = f"{_names(away)} cannot train now, and fewer than the quorum of {spec.quorum} devices are left."
    return Obstacle("nodes", UserError("devices_away", sentence, "Start these devices first.", 409))


def _links(spec: RunSpec, slugs: Sequence[str], least: int) -> Obstacle | None:
    """Whether the links of at least so many nodes, as simulated or measured, carry a client's messages before the deadline."""
    slow: list[tuple[float, str, float]] = []
    for node in Node.objects.filter(slug__in=slugs):
        measured = links.estimate(node.slug)
        up = node.simulated_uplink_bytes_per_s or (measured["up_bytes_per_s"] if measured else None)
        if not up:
            continue  # nobody knows yet
        seconds = cost.link_seconds(spec, up, node.simulated_downlink_bytes_per_s or max(up, spec.downlink_bytes_per_s))
        if seconds > spec.round_deadline_s:
            slow.append((seconds, node.slug, up))
    if len(slugs) - len(slow) >= least or not slow:
        return None
    seconds, slug, up = min(slow)
    sentence = feasibility.too_short(spec, seconds, f"the link of {slug} ({up / 1000:,.0f} KB/s up)")
    what, _, remedy = sentence.rpartition(". ")
    return Obstacle("round_deadline_s", UserError("deadline_too_short", f"{what}.", remedy, 422))


def _names(names: Sequence[str], most: int = 6) -> str:
    shown = [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1] if shown else "") if part)


def _holds(names: Sequence[str]) -> str:
    return "holds" if len(names) == 1 else "hold"


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
