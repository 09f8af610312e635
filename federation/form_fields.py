"""The fields of a run as the form shows them: in groups, each with its unit, its bounds, and why it has the value it has."""

from typing import Any

from federation.runs import spec

# By group: field, unit, what it means in half a sentence. `only` names the choice without which it has no effect.
GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Data and model",
        (
            ("dataset", "", "digits is always here; cifar10 must be fetched; photos are those on the devices"),
            ("model", "", "what every client trains a copy of"),
            ("clients", "", "parts the data is dealt into; a node serves several, one after the other"),
            ("partition", "", "iid deals evenly, dirichlet unevenly"),
            ("alpha", "", "the smaller, the more uneven"),
        ),
    ),
    (
        "Training",
        (
            ("rounds", "", ""),
            ("local_epochs", "", "passes over its own data, per round"),
            ("batch_size", "examples", ""),
            ("learning_rate", "", ""),
            ("strategy", "", "how the updates become one model"),
            ("proximal_mu", "", "pull towards the common model"),
            ("server_learning_rate", "", "step of Adam on the server"),
            ("trim", "", "share cut from each end"),
            ("hostile", "clients", "that the strategy must bear"),
        ),
    ),
    (
        "On the link",
        (
            ("compression", "", "sketch sends few bits of each value, in both directions"),
            ("bits", "bits", "a value, on average over both directions; whole numbers under masks"),
            ("share", "", "of the values a masked update has in a round"),
            ("uplink_bytes_per_s", "B/s", "simulated, of each node"),
            ("downlink_bytes_per_s", "B/s", "simulated, of each node"),
        ),
    ),
    (
        "Who may see what",
        (
            ("secure_aggregation", "", "the server learns only sums of updates"),
            ("privacy", "", "clip each update and add noise to the sum"),
            ("privacy.noise_multiplier", "", "more noise, less epsilon"),
            ("privacy.clip", "", "largest norm of one update"),
        ),
    ),
    (
        "Limits",
        (
            ("quorum", "replies", "without which a round does not count"),
            ("round_deadline_s", "s", "later replies are left out"),
            ("wall_clock_s", "s", "then the run ends with what it has"),
            ("seed", "", "equal seeds deal and start equally"),
        ),
    ),
)
# A field without effect is not shown: the choice that brings it in.
ONLY = {
    "alpha": ("partition", "dirichlet"),
    "proximal_mu": ("strategy", "fedprox"),
    "server_learning_rate": ("strategy", "fedadam"),
    "trim": ("strategy", "trimmed-mean"),
    "hostile": ("strategy", "krum"),
    "bits": ("compression", "sketch"),
    "share": ("secure_aggregation", "on"),
    "privacy.noise_multiplier": ("privacy", "on"),
    "privacy.clip": ("privacy", "on"),
}
FOLLOWING = ("bits", "quorum")  # None stands for what fits the other fields
OPEN = ("Data and model", "Training")  # the others hold defaults that rarely need a look


def groups(told: dict[str, Any], why: dict[str, str]) -> list[dict[str, Any]]:
    """For the template. A group with a field that the request named is open."""
    found = []
    told = {name: value for name, value in told.items() if name in why or not _follows(name, told)}
    for title, rows in GROUPS:
        fields = [_field(name, unit, help, told, why) for name, unit, help in rows]
        found.append({"title": title, "fields": fields, "open": title in OPEN or any(one["why"] for one in fields)})
    return found


def _follows(name: str, told: dict[str, Any]) -> bool:
    """Whether a value is what the others come to: then it is left open, so that it follows them when they are changed."""
    if name not in FOLLOWING:
        return False
    open_, _ = spec.read({**told, name: None})
    return open_ is not None and getattr(open_, name) == told[name]


def _field(name: str, unit: str, help: str, told: dict[str, Any], why: dict[str, str]) -> dict[str, Any]:
    outer, _, inner = name.partition(".")
    model = spec.Privacy if inner else spec.RunSpec
    about = model.model_fields[inner or outer]
    value = (told.get("privacy") or {}).get(inner, about.default) if inner else told.get(outer, about.default)
    switch = name in ("secure_aggregation", "privacy")
    limits = None if switch else spec.bounds(name)
    return {
        "name": name,
        "id": name.replace(".", "-"),
        "label": about.title,
        "unit": unit,
        "help": help,
        "value": bool(value) if switch else "" if value is None else value,
        "switch": switch,
        "choices": () if inner or switch else spec.choices(name),
        "whole": isinstance(about.default, int) or name == "quorum",
        "follows": name in FOLLOWING,
        "least": limits[0] if limits else None,
        "most": limits[1] if limits else None,
        "only": ONLY.get(name),
        "why": "" if inner else why.get(outer, ""),
    }
