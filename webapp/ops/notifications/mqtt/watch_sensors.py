"""A binary sensor for each watch that is on, beside the sensors of its device. Topics, under BASE and Home Assistant's prefix:

BASE/watches/NUMBER/state               JSON: on, available, confidence, since; retained
PREFIX/binary_sensor/ID/watch_N/config  discovery of one entity; retained, and deleted with its watch
"""

from dataclasses import dataclass
from typing import Any

from inference.watches import obstacles
from inference.watches.models import ON, Watch
from webapp.ops.notifications.mqtt.discovery import ORIGIN, Topics


@dataclass(frozen=True)
class WatchView:
    """What the broker gets of a watch. `since`: as ISO 8601, when what it looks for was seen; None while it is not there."""

    number: int
    title: str
    node: str
    camera: str
    available: bool
    confidence: float | None
    since: str | None


def views() -> list[WatchView]:
    watches = list(Watch.objects.filter(state=ON))
    standing = obstacles.standing(watches)
    return [
        WatchView(
            watch.pk, watch.title, watch.node, watch.camera, watch.applied and not watch.obstacle,
            event.confidence if (event := standing.get(watch.pk)) else None, event.at.isoformat() if event else None,
        )
        for watch in watches
    ]  # fmt: skip


def config_topic(topics: Topics, number: int | str) -> str:
    return f"{topics.prefix}/binary_sensor/{topics.identifier()}/watch_{number}/config"


def is_config(topics: Topics, topic: str) -> bool:
    start, end = config_topic(topics, "*").split("*")
    return topic.startswith(start) and topic.endswith(end)


def any_config(topics: Topics) -> str:
    """What to subscribe to for those of earlier watches, which the broker still retains."""
    return f"{topics.prefix}/binary_sensor/{topics.identifier()}/+/config"


def state_topic(topics: Topics, number: int) -> str:
    return f"{topics.base}/watches/{number}/state"


def config(topics: Topics, watch: WatchView, address: str) -> dict[str, Any]:
    state = state_topic(topics, watch.number)
    return {
        "unique_id": f"{topics.identifier()}_watch_{watch.number}",
        "name": f"{watch.title} ({watch.camera})",
        "icon": "mdi:cctv",
        "device_class": "occupancy",
        "state_topic": state,
        "value_template": "{{ 'ON' if value_json.on else 'OFF' }}",
        "json_attributes_topic": state,
        "availability": [
            {"topic": topics.available},
            {"topic": state, "value_template": "{{ 'online' if value_json.available else 'offline' }}"},
        ],
        "availability_mode": "all",
        "device": {"identifiers": [topics.identifier(watch.node)], "configuration_url": f"{address}/devices/{watch.node}/"},
        "origin": ORIGIN,
    }


def state(watch: WatchView) -> dict[str, Any]:
    return {
        "on": watch.since is not None,
        "available": watch.available,
        "camera": watch.camera,
        "confidence": watch.confidence,
        "since": watch.since,
    }
