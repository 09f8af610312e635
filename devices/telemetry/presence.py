"""A node's state, computed from its last heartbeat whenever it is read.

Only the server's clock counts; device clocks are not trusted.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypedDict

from django.db.models import Q
from django.utils import timezone

from devices.contract.heartbeat import cameras_of
from devices.contract.protocol import ANSWERING, RESTART
from devices.models import Node, NodeTag
from devices.telemetry import agent_standing, links, pace, trouble
from webapp.live import groups
from webapp.live.events import NodeState
from webapp.live.publish import publish

# Of a node with the shortest pace: two heartbeats missed, or five. One with a longer pace has as much time beyond it: an agent
# whose heartbeat failed tries again within seconds, whatever its pace.
STALE_S = 6.0
OFFLINE_S = 12.0
Fact = bool | int | float | str | None


class CameraData(TypedDict):
    """`preview`: whether the person whom it is shown may see small pictures of it; `folder`: whether they may ask about all
    photos of the folder that it is."""

    name: str
    preview: bool
    folder: bool


class SimulatedData(TypedDict):
    uplink_bytes_per_s: int | None
    downlink_bytes_per_s: int | None
    slowdown: float


class EngineData(TypedDict):
    """As devices.contract.heartbeat.Engine."""

    name: str
    device: str
    precision: str
    reason: str


class NodeData(TypedDict):
    """A node as pages and scripts get it."""

    slug: str
    title: str
    tier: str
    state: str
    approved: bool
    fingerprint: str
    last_seen: str | None  # ISO 8601
    profile: str | None  # name of the profile it measured
    queue: int | None
    simulated: SimulatedData | None
    hardware: dict[str, Fact]
    cameras: list[CameraData]
    thumbnails: bool
    tags: list[str]
    trouble: str  # why it is not used although it may be online, in words
    refused_models: str  # why it keeps its models although others were chosen, in words
    changing_models: str  # what it does to change its models, in words
    changed: str  # how its hardware differs from what was accepted, in words
    rotating: bool
    restarting: bool
    agent_update: agent_standing.AgentUpdateData
    abilities: list[str]  # what its agent can be asked for (devices.fleet)
    lanes: dict[str, bool]
    engine: EngineData | None
    obstacles: list[str]  # what it cannot do and why, a sentence each
    sensors: dict[str, Fact]
    agent: str | None  # version
    versions: dict[str, str | int | None]
    link: links.LinkData | None


class Seen(Protocol):
    """What a node's state is computed from: a node, or a row with these columns."""

    @property
    def revoked_at(self) -> datetime | None: ...
    @property
    def last_seen(self) -> datetime | None: ...
    @property
    def pace_s(self) -> float: ...


def stale_s(node: Seen) -> float:
    """Seconds of silence after which it is stale."""
    return STALE_S + node.pace_s - pace.HEARTBEAT_S


def offline_s(node: Seen) -> float:
    """Seconds of silence after which it is offline."""
    return OFFLINE_S + node.pace_s - pace.HEARTBEAT_S


def state(node: Seen, now: datetime) -> str:
    """`unseen`, `online`, `stale`, `offline` or `revoked`. A node is stale, then offline, strictly after its limit."""
    if node.revoked_at is not None:
        return "revoked"
    if node.last_seen is None:
        return "unseen"
    # A last heartbeat in the future means that the server's clock was set back: as unreliable as one in the past.
    age = abs((now - node.last_seen).total_seconds())
    if age > offline_s(node):
        return "offline"
    return "stale" if age > stale_s(node) else "online"


def where(wanted: str, now: datetime) -> Q:
    """The nodes of one state, as `state` computes it."""
    if wanted == "revoked":
        return Q(revoked_at__isnull=False)
    if wanted == "unseen":
        return Q(revoked_at=None, last_seen=None)
    fresh, known = (_within(now, seconds) for seconds in (STALE_S, OFFLINE_S))
    seen = {"online": fresh, "stale": known & ~fresh, "offline": ~known}[wanted]
    return Q(revoked_at=None, last_seen__isnull=False) & seen


def _within(now: datetime, seconds: float) -> Q:
    """Pace by pace: databases differ in how they add seconds to a moment."""
    heard = Q()
    for pace_s in pace.PACES:
        span = timedelta(seconds=seconds + pace_s - pace.HEARTBEAT_S)
        heard |= Q(pace_s=pace_s, last_seen__gte=now - span, last_seen__lte=now + span)
    return heard


def usable(node: Node, now: datetime) -> bool:
    """Whether questions may be given to it: online, with its models loaded and nothing against it."""
    return bool(node.profile) and state(node, now) == "online" and not trouble.of(node, now)


def as_json(node: Node) -> NodeData:
    """A node as pages and scripts see it."""
    link = links.estimate(node.slug) if node.tier == "device" else None
    return _data(node, link, [tag.name for tag in node.tags.all()])


def all_as_json(nodes: Iterable[Node]) -> list[NodeData]:
    """The same for several nodes, with as many queries as for one."""
    rows = list(nodes)
    tags: dict[int, list[str]] = {}  # not kept with the nodes: the caller may change them
    for pk, name in NodeTag.objects.filter(node__in=rows).values_list("node", "name"):
        tags.setdefault(pk, []).append(name)
    estimates = links.estimates(node.slug for node in rows if node.tier == "device")
    return [_data(node, estimates.get(node.slug), tags.get(node.pk, [])) for node in rows]


def _data(node: Node, link: links.LinkData | None, tags: list[str]) -> NodeData:
    return {
        "slug": node.slug,
        "title": node.title or node.slug,
        "tier": node.tier,
        "state": state(node, timezone.now()),
        "approved": node.approved,
        "fingerprint": node.fingerprint,
        "last_seen": node.last_seen.isoformat() if node.last_seen else None,
        "profile": node.profile["name"] if node.profile else None,
        "queue": node.queue,
        "simulated": simulated(node),
        "hardware": {name: fact for name, fact in node.hardware.items() if name != "cameras"},
        "cameras": [
            {"name": camera.name, "preview": False, "folder": camera.folder}
            for camera in cameras_of(node.hardware.get("cameras"))
        ],
        "thumbnails": node.thumbnails,
        "tags": tags,
        "trouble": trouble.of(node, timezone.now()),
        "refused_models": refused_models(node),
        "changing_models": changing_models(node),
        "changed": changes(node),
        "rotating": bool(node.rotation),
        "restarting": RESTART in node.wishes,
        "agent_update": agent_standing.of(node),
        "abilities": node.abilities,
        "lanes": node.lanes,
        "engine": (node.profile or {}).get("engine"),
        "obstacles": obstacles(node),
        "sensors": node.sensors,
        "agent": node.versions.get("agent"),
        "versions": node.versions,
        "link": link,
    }


def announce(node: Node) -> None:
    """Send a node as it is now to every open devices page."""
    announce_all([node])


def announce_all(nodes: Iterable[Node]) -> None:
    for node in all_as_json(nodes):
        publish(groups.devices(), NodeState(node=node))


def simulated(node: Node) -> SimulatedData | None:
    """What is simulated about a node; None for a real one."""
    if not node.simulated:
        return None
    return {
        "uplink_bytes_per_s": node.simulated_uplink_bytes_per_s,
        "downlink_bytes_per_s": node.simulated_downlink_bytes_per_s,
        "slowdown": node.simulated_slowdown,
    }


def refused_models(node: Node) -> str:
    """Why it keeps the models that it has although others were chosen, in its own words; empty if it does not."""
    return str(node.change["why"]) if "refused" in node.change else ""


def changing_models(node: Node) -> str:
    """What it does to change its models, in its own words; empty if it does not."""
    return str(node.change.get("note", ""))


def cannot_answer(node: Node) -> str:
    """Why it answers no questions at all, in its own words; empty if it does, or loads its models."""
    return str(node.obstacles.get(ANSWERING, ""))


def obstacles(node: Node) -> list[str]:
    """What it cannot do and why, a sentence each: answer, train, or one of the tasks."""
    tasks = (node.profile or {}).get("unavailable", {})
    return [str(sentence) for sentence in [*node.obstacles.values(), *tasks.values()]]


def changes(node: Node) -> str:
    """How its hardware differs from what an admin last accepted, in one sentence; empty if it does not."""
    parts = [
        f"{name.replace('_', ' ')} was {before}, is {node.hardware.get(name)}"
        for name, before in node.hardware_before.items()
        if node.hardware.get(name) != before
    ]
    return f"Its hardware changed: {'; '.join(parts)}." if parts else ""
