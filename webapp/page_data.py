"""Names and labels that JavaScript shows, handed over with every page as JSON: they are written once, in Python."""

from typing import Required, TypedDict

from federation.models import CLIENT_STATES
from inference.models import POLICIES, ROUTES


class Label(TypedDict, total=False):
    """What a page says about one value of a closed list. `name` is the value as stored and sent."""

    name: Required[str]
    label: Required[str]
    explanation: str  # one sentence
    place: str  # whose colour it has: device, link or edge
    shows_question: bool  # a step of this task is told apart by its question


class Sensor(TypedDict):
    """A reading of a node: how its card and its history show it."""

    name: str  # key of the heartbeat's `sensors`
    label: str
    unit: str
    divisor: int  # from the unit that is sent to the unit that is shown
    digits: int
    of: str  # name of the reading that is its whole; empty: none
    source: str  # where the agent reads it
    chart: str  # title of the chart that draws it; sensors with the same title share one
    maximum: int | None  # of the chart's axis


TASKS: list[Label] = [
    {"name": "classify", "label": "what is it"},
    {"name": "caption", "label": "describe"},
    {"name": "vqa", "label": "question", "shows_question": True},
    {"name": "train", "label": "training"},
]
_ROUTES = {"device": "all on the device", "edge": "photo to the edge", "split": "part on the device"}
# A split is about the link, so it has the link's colour.
_PLACES = {"split": "link"}
_POLICIES = {
    "fastest": ("fastest", "The quickest way that gives up little accuracy."),
    "private": ("private", "The photo never leaves the device."),
    "best": ("most accurate", "The quickest way that gives up no accuracy."),
}
NODE_STATES: list[Label] = [
    {"name": "unseen", "label": "unseen", "explanation": "Registered but never connected: start its agent."},
    {"name": "online", "label": "online", "explanation": "Last heartbeat within 6 seconds."},
    {"name": "stale", "label": "stale", "explanation": "No heartbeat for more than 6 seconds: busy, or the link is bad."},
    {"name": "offline", "label": "offline", "explanation": "No heartbeat for more than 12 seconds: not used for questions."},
    {"name": "revoked", "label": "revoked", "explanation": "Its credentials were revoked."},
]
_CLIENT_STATES = {"ok": "counted"}
CODECS: list[Label] = [
    {"name": "jpeg", "label": "JPEG"},
    {"name": "webp", "label": "WebP"},
    {"name": "avif", "label": "AVIF"},
]
SENSORS: list[Sensor] = [
    {"name": "cpu_percent", "label": "processor", "unit": "%", "divisor": 1, "digits": 0, "of": "", "maximum": 100,
     "source": "From /proc/stat, since the last heartbeat", "chart": "Processor and GPU, %"},
    {"name": "gpu_percent", "label": "GPU", "unit": "%", "divisor": 1, "digits": 0, "of": "", "maximum": 100,
     "source": "As the board's own driver reports it", "chart": "Processor and GPU, %"},
    {"name": "memory_used_mb", "label": "memory", "unit": "GB", "divisor": 1024, "digits": 1, "of": "memory_total_mb", "maximum": None,
     "source": "From /proc/meminfo", "chart": "Memory in use, GB"},
    {"name": "temperature_c", "label": "temperature", "unit": "°C", "divisor": 1, "digits": 0, "of": "", "maximum": None,
     "source": "The hottest zone of /sys/class/thermal", "chart": "Hottest zone, °C"},
    {"name": "power_w", "label": "power", "unit": "W", "divisor": 1, "digits": 1, "of": "", "maximum": None,
     "source": "From the board's power monitor", "chart": "Power, W"},
]  # fmt: skip


def labels() -> dict[str, list[Label] | list[Sensor]]:
    """By kind, each in the order in which a form lists them."""
    routes: list[Label] = [{"name": name, "label": _ROUTES[name], "place": _PLACES.get(name, name)} for name in ROUTES]
    policies: list[Label] = [
        {"name": name, "label": _POLICIES[name][0], "explanation": _POLICIES[name][1]} for name in POLICIES
    ]
    clients: list[Label] = [{"name": name, "label": _CLIENT_STATES.get(name, name)} for name in CLIENT_STATES]
    return {
        "tasks": TASKS,
        "routes": routes,
        "policies": policies,
        "sensors": SENSORS,
        "node_states": NODE_STATES,
        "client_states": clients,
        "codecs": CODECS,
    }
