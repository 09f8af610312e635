"""The form of a run: its fields in groups, each with its unit, its bounds, and the words of the request behind its value."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

from django.utils.translation import gettext

from federation.app.datasets import registry as datasets
from federation.app.strategies import registry as strategies
from federation.runs import choices, spec


class Row(NamedTuple):
    name: str
    unit: str = ""
    help: str = ""


class Choice(TypedDict):
    value: str
    label: str
    help: str
    own_photos: bool  # a data set of which each device holds its own


class Condition(TypedDict):
    """The choices without which a field has no effect."""

    field: str
    values: list[str]


class FormField(TypedDict):
    name: str
    id: str
    label: str
    unit: str
    help: str
    value: object
    switch: bool
    choices: list[Choice]
    whole: bool
    text: bool
    automatic: bool  # an empty field is set by the server from the others
    least: float | None
    most: float | None
    only: Condition | None
    why: str  # the words of the request that named it


class Group(TypedDict):
    title: str
    fields: list[FormField]
    open: bool


WORDS = ("title", "label", "unit", "help")  # of a group, a field and a choice, for people
DATA = "Data and model"
TRAINING = "Training"
_DATA_ROWS = (
    Row("dataset"),
    Row("model", help="what every client trains a copy of"),
    Row("classes", help="of the photos, with commas between them; empty: all that the devices report"),
    Row("nodes", help="whose photos are trained on, with commas between them; empty: the first that hold photos"),
    Row("clients", help="parts the data is divided into; a node can serve several, one after the other"),
    Row("partition", help="IID divides evenly, Dirichlet unevenly"),
    Row("alpha", help="the smaller, the more uneven"),
)
_TRAINING_ROWS = (
    Row("rounds"),
    Row("local_epochs", help="passes over its own data, per round"),
    Row("batch_size", "examples"),
    Row("learning_rate"),
    Row("strategy", help="how the updates become one model"),
)
_OTHER_GROUPS = (
    (
        "On the link",
        (
            Row("compression", help="sketch sends few bits for each value, in both directions"),
            Row("bits", "bits", "a value, averaged over both directions; whole numbers under masks"),
            Row("share", help="of the values that a masked update has in a round"),
            Row("uplink_bytes_per_s", "B/s", "simulated, of each node"),
            Row("downlink_bytes_per_s", "B/s", "simulated, of each node"),
        ),
    ),
    (
        "Who may see what",
        (
            Row("secure_aggregation", help="the server learns only sums of updates"),
            Row(
                "privacy",
                help="clip each update and add noise; the estimate shows epsilon. It covers the model, not reported losses",
            ),
            Row("privacy.noise_multiplier", help="more noise, smaller epsilon"),
            Row("privacy.clip", help="largest norm of one update"),
        ),
    ),
    (
        "Limits",
        (
            Row("quorum", "replies", "a round with fewer does not count"),
            Row("round_deadline_s", "s", "later replies are discarded"),
            Row("grace_s", "s", "for the others once a quorum has replied; empty: as long as the quorum took"),
            Row("wall_clock_s", "s", "the run stops and keeps its last model"),
            Row("seed", help="same seed: same partition and initial weights"),
        ),
    ),
)
_CONDITIONS: dict[str, Condition] = {
    "alpha": {"field": "partition", "values": ["dirichlet"]},
    "bits": {"field": "compression", "values": ["sketch"]},
    "share": {"field": "secure_aggregation", "values": ["on"]},
    "privacy.noise_multiplier": {"field": "privacy", "values": ["on"]},
    "privacy.clip": {"field": "privacy", "values": ["on"]},
}
AUTOMATIC = ("bits", "quorum", "grace_s", "classes", "nodes")
SWITCHES = ("secure_aggregation", "privacy")
OPEN = (DATA, TRAINING)  # the others have defaults that rarely need a look


def conditions() -> dict[str, Condition]:
    """By field. A parameter of a strategy has an effect with the strategies that take it."""
    result = dict(_CONDITIONS)
    own: Condition = {"field": "dataset", "values": [each.name for each in datasets.DATASETS if each.on_devices]}
    divided: Condition = {"field": "dataset", "values": [each.name for each in datasets.DATASETS if not each.on_devices]}
    result |= {"classes": own, "nodes": own, "partition": divided}
    for name in strategies.parameters():
        takers = [
            strategy.name
            for strategy in strategies.STRATEGIES
            if any(parameter.name == name for parameter in strategy.parameters)
        ]
        result[name] = {"field": "strategy", "values": takers}
    return result


def _rows() -> list[tuple[str, tuple[Row, ...]]]:
    parameters = tuple(Row(each.name, each.unit, each.help) for each in strategies.parameters().values())
    return [(DATA, _DATA_ROWS), (TRAINING, (*_TRAINING_ROWS, *parameters)), *_OTHER_GROUPS]


def groups(values: Mapping[str, Any], why: Mapping[str, str]) -> list[Group]:
    """For the template, in the language of the page. `values` is a specification, `why` the words of the request by field; a
    group that they name is open.
    """
    shown = _english_groups(values, why)
    for row in _rows_of(shown):
        row.update({name: gettext(row[name]) for name in WORDS if row.get(name)})
    return shown


def english() -> list[str]:
    """The sentences of the form and of its choices, for the catalogues: most are written where no Django is."""
    rows = _rows_of(_english_groups(spec.RunSpec().model_dump(), {}))
    return [row[name] for row in rows for name in WORDS if row.get(name)]


def _rows_of(shown: list[Group]) -> list[Any]:
    """The groups, their fields and the choices of these."""
    fields = [field for group in shown for field in group["fields"]]
    return [*shown, *fields, *(choice for field in fields for choice in field["choices"])]


def _english_groups(values: Mapping[str, Any], why: Mapping[str, str]) -> list[Group]:
    shown = {name: value for name, value in values.items() if name in why or not _is_automatic(name, values)}
    only = conditions()
    result: list[Group] = []
    for title, rows in _rows():
        fields = [_field(row, shown, why, only.get(row.name)) for row in rows]
        result.append({"title": title, "fields": fields, "open": title in OPEN or any(field["why"] for field in fields)})
    return result


def _choices(name: str) -> list[Choice]:
    if options := choices.of(name):
        own = [dataset.name for dataset in datasets.DATASETS if dataset.on_devices]
        return [_choice(option.name, option.label, option.help, option.name in own) for option in options]
    return [_choice(value, choices.label(name, value)) for value in spec.choices(name)]


def _choice(value: str, label: str, help: str = "", own_photos: bool = False) -> Choice:
    return {"value": value, "label": label, "help": help, "own_photos": own_photos}


def _is_automatic(name: str, values: Mapping[str, Any]) -> bool:
    """Whether a value is what the server would choose: then the field stays empty, so that it follows the others."""
    if name not in AUTOMATIC:
        return False
    chosen, _ = spec.read({**values, name: None})
    return chosen is not None and getattr(chosen, name) == values[name]


def _field(row: Row, values: Mapping[str, Any], why: Mapping[str, str], only: Condition | None) -> FormField:
    outer, _, inner = row.name.partition(".")
    field = spec.field_of(row.name)
    assert field is not None, row.name
    source = (values.get("privacy") or {}) if inner else values
    value = source.get(inner or outer, field.get_default(call_default_factory=True))
    switch = row.name in SWITCHES
    limits = None if switch else spec.bounds(row.name)
    return {
        "name": row.name,
        "id": row.name.replace(".", "-"),
        "label": field.title or row.name,
        "unit": row.unit,
        "help": row.help,
        "value": bool(value) if switch else ", ".join(value) if isinstance(value, list) else "" if value is None else value,
        "switch": switch,
        "choices": [] if inner or switch else _choices(row.name),
        "whole": isinstance(field.default, int) or row.name == "quorum",
        "text": isinstance(value, list),
        "automatic": row.name in AUTOMATIC,
        "least": limits[0] if limits else None,
        "most": limits[1] if limits else None,
        "only": only,
        "why": "" if inner else why.get(outer, ""),
    }
