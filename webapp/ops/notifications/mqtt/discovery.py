"""Topics and payloads, as Home Assistant's MQTT discovery reads them (one message for each device, since its version 2024.11).
Pure.

Under BASE, by default `isthmus`:

    BASE/available            online, or offline as the last will of the bridge; retained
    BASE/event                each notice as JSON with `event_type`; not retained
    BASE/nodes/SLUG/available online while its readings are current; retained
    BASE/nodes/SLUG/state     JSON: state, online, and every sensor of the node; retained
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from devices.contract.sensors import Sensor

ORIGIN = {"name": "Isthmus"}
DEVICE_CLASSES = {
    "temperature_c": "temperature",
    "power_w": "power",
    "memory_used_mb": "data_size",
    "memory_total_mb": "data_size",
}
# Sensors whose keys say another unit than our pages show: that of the key, and the one that Home Assistant is to show.
UNITS = {"memory_used_mb": ("MiB", "GiB"), "memory_total_mb": ("MiB", "GiB")}
STATES = ["unseen", "online", "stale", "offline"]


@dataclass(frozen=True)
class NodeView:
    """What the broker gets of a node."""

    slug: str
    title: str
    tier: str
    state: str
    sensors: Mapping[str, Any]


@dataclass(frozen=True)
class Topics:
    base: str
    prefix: str  # Home Assistant's, by default `homeassistant`

    @property
    def available(self) -> str:
        return f"{self.base}/available"

    @property
    def event(self) -> str:
        return f"{self.base}/event"

    @property
    def births(self) -> str:
        """Where Home Assistant says that it has started, and wants everything again."""
        return f"{self.prefix}/status"

    def node(self, slug: str, leaf: str) -> str:
        return f"{self.base}/nodes/{slug}/{leaf}"

    def config(self, slug: str = "") -> str:
        """Of a node; without a name, of the server."""
        return f"{self.prefix}/device/{self.identifier(slug)}/config"

    def identifier(self, slug: str = "") -> str:
        base = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in self.base)
        return f"{base}_{slug}" if slug else base


def server_config(topics: Topics, kinds: Iterable[str], address: str) -> dict[str, Any]:
    """The server as a device, with one event entity for notices of every kind."""
    me = topics.identifier()
    return {
        "device": {"identifiers": [me], "name": "Isthmus", "manufacturer": "Isthmus", "configuration_url": address},
        "origin": ORIGIN,
        "availability": [{"topic": topics.available}],
        "components": {
            "notices": {
                "platform": "event",
                "unique_id": f"{me}_notices",
                "name": "Notices",
                "icon": "mdi:bell",
                "state_topic": topics.event,
                "event_types": list(kinds),
            }
        },
    }


def node_config(topics: Topics, node: NodeView, sensors: Iterable[Sensor], address: str) -> dict[str, Any]:
    """A node as a device: whether it is online, its state, and every sensor in the unit that its key says."""
    me, state = topics.identifier(node.slug), topics.node(node.slug, "state")
    components: dict[str, Any] = {
        "online": {
            "platform": "binary_sensor",
            "unique_id": f"{me}_online",
            "name": "Online",
            "device_class": "connectivity",
            "state_topic": state,
            "value_template": "{{ 'ON' if value_json.online else 'OFF' }}",
        },
        "state": {
            "platform": "sensor",
            "unique_id": f"{me}_state",
            "name": "State",
            "device_class": "enum",
            "options": STATES,
            "state_topic": state,
            "value_template": "{{ value_json.state }}",
        },
    }
    for sensor in sensors:
        unit, shown = UNITS.get(sensor.name, (sensor.unit, ""))
        entity = {
            "platform": "sensor",
            "unique_id": f"{me}_{sensor.name}",
            "name": sensor.label[:1].upper() + sensor.label[1:],
            "unit_of_measurement": unit,
            "state_class": "measurement",
            "suggested_display_precision": sensor.digits,
            "state_topic": state,
            # A reading that the board lacks is unknown, never zero.
            "value_template": f"{{{{ value_json.{sensor.name} if value_json.{sensor.name} is not none else 'None' }}}}",
            "availability": [{"topic": topics.available}, {"topic": topics.node(node.slug, "available")}],
            "availability_mode": "all",
        }
        if shown:
            entity["suggested_unit_of_measurement"] = shown
        if sensor.name in DEVICE_CLASSES:
            entity["device_class"] = DEVICE_CLASSES[sensor.name]
        components[sensor.name] = entity
    return {
        "device": {
            "identifiers": [me],
            "name": node.title,
            "model": node.tier,
            "via_device": topics.identifier(),
            "configuration_url": f"{address}/devices/{node.slug}/",
        },
        "origin": ORIGIN,
        "availability": [{"topic": topics.available}],
        "components": components,
    }


def node_state(node: NodeView, sensors: Iterable[Sensor]) -> dict[str, Any]:
    """A stale node is still online: it missed a heartbeat or two."""
    readings = {sensor.name: _shown(sensor, node.sensors.get(sensor.name)) for sensor in sensors}
    return {"state": node.state, "online": node.state in ("online", "stale"), **readings}


def _shown(sensor: Sensor, value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    divisor = 1 if sensor.name in UNITS else sensor.divisor
    return round(value / divisor, max(sensor.digits, 1))
