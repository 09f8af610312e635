"""Names and labels that JavaScript shows, handed over with every page as JSON: they are written once, in Python."""

from typing import Any, Required, TypedDict

from django.utils.translation import gettext

from devices.contract import sensors
from federation.models import CLIENT_STATES, STATES
from inference.engine import doubt, tasks
from inference.placement import policies, routes
from inference.planning.plan import TRAIN, WATCH


class Label(TypedDict, total=False):
    """What a page says about one value of a closed list. `name` is the value as stored and sent."""

    name: Required[str]
    label: Required[str]
    explanation: str  # one sentence
    place: str  # whose colour it has: device, link or edge
    shows_question: bool  # a step of this task is told apart by its question
    shows_guesses: bool  # its receipt lists the best guesses
    highlights: bool  # its receipt offers where the model looked
    confidence: str  # what the number is


class SensorLabel(TypedDict):
    """A reading of a node: how its card and its history show it. See devices.contract.sensors.Sensor."""

    name: str
    label: str
    unit: str
    divisor: int
    digits: int
    whole: str
    source: str
    chart: str
    maximum: float | None  # of the chart's axis


WORDS = ("label", "explanation", "confidence", "source", "chart")  # of a row, for people
# A split is about the link, so it has the link's colour.
_PLACES = {"split": "link"}
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


def task_labels() -> list[Label]:
    """Every task that a step of a plan may have."""
    models = [
        Label(
            name=task["name"],
            label=task["label"],
            shows_question=task["takes_question"],
            shows_guesses=task["shows_guesses"],
            highlights=task["highlights"],
            confidence=task["confidence"],
        )
        for task in tasks.for_pages()
    ]
    return [*models, Label(name=TRAIN, label="training"), Label(name=WATCH, label="watch")]


def labels() -> dict[str, list[Label] | list[SensorLabel]]:
    """By kind, each in the order in which a form lists them, in the language of the page."""
    return {kind: [_translated(row) for row in rows] for kind, rows in _english_labels().items()}


def english() -> list[str]:
    """The sentences of every label, for the catalogues: where they are written, no Django is."""
    rows = [row for rows in _english_labels().values() for row in rows]
    return [text for row in rows for field in WORDS if (text := str(row.get(field) or ""))]


def _translated(row: Any) -> Any:
    """Abbreviations and units stay; a text without a translation is shown as it is."""
    return {**row, **{field: gettext(row[field]) for field in WORDS if row.get(field)}}


def _english_labels() -> dict[str, Any]:
    return {
        "tasks": task_labels(),
        "routes": [
            Label(name=route.name, label=route.label, place=_PLACES.get(route.name, route.name)) for route in routes.ROUTES
        ],
        "policies": [
            Label(name=policy.name, label=policy.label, explanation=policy.explanation) for policy in policies.POLICIES
        ],
        "sensors": [_sensor(sensor) for sensor in sensors.SENSORS if sensor.name not in _wholes()],
        "certainties": [
            Label(name=certainty, label=words, explanation=doubt.meaning(certainty)) for certainty, words in doubt.WORDS.items()
        ],
        "node_states": NODE_STATES,
        "client_states": [Label(name=name, label=_CLIENT_STATES.get(name, name)) for name in CLIENT_STATES],
        "run_states": [Label(name=state, label=state) for state in STATES],
        "codecs": CODECS,
    }


def _wholes() -> set[str]:
    """Readings that are shown with the one that is a part of them: "1.2 of 8.0 GB"."""
    return {sensor.whole for sensor in sensors.SENSORS}


def _sensor(sensor: sensors.Sensor) -> SensorLabel:
    return {
        "name": sensor.name,
        "label": sensor.label,
        "unit": sensor.unit,
        "divisor": sensor.divisor,
        "digits": sensor.digits,
        "whole": sensor.whole,
        "source": sensor.source,
        "chart": sensor.chart,
        "maximum": sensor.most if sensor.unit == "%" else None,
    }
