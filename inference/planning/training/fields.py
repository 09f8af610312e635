"""Settings of a run as the reader writes them, "rounds three dozen; dataset cifar10; secure on": the fields of a draft. Pure."""

import re

from inference.planning.rules.numerals import DURATION, NUMBER, RATE, bytes_per_s, digits, seconds
from inference.planning.training.tables import Draft, Value, take

# As in inference/lab/reader/requests/README.md -> as in a draft.
_NUMBERS = {
    "rounds": "rounds", "clients": "clients", "epochs": "local_epochs", "batch": "batch_size", "rate": "learning_rate", "alpha": "alpha",
    "noise": "noise_multiplier", "clip": "clip", "quorum": "quorum", "bits": "bits", "seed": "seed",
}  # fmt: skip
_TIMES = {"deadline": "round_deadline_s", "limit": "wall_clock_s"}
_RATES = {"uplink": "uplink_bytes_per_s", "downlink": "downlink_bytes_per_s"}
_CHOICES = {
    "dataset": ("digits", "cifar10", "photos"),
    "model": ("resnet-small", "cnn-small"),
    "strategy": ("fedavg", "fedprox", "fedadam", "scaffold", "krum", "trimmed-mean"),
    "partition": ("iid", "dirichlet"),
}
_SWITCHES: dict[str, tuple[str, Value, Value]] = {
    "compression": ("compression", "sketch", "none"),
    "secure": ("secure_aggregation", True, False),
    "privacy": ("privacy", True, False),
}
_NUMBER = re.compile(rf"(?<![\w.])-?{NUMBER}")


def draft(line: str) -> Draft:
    """What is no setting or has no value that it could have is left out."""
    result = Draft()
    for part in line.split(";"):
        name, _, words = part.strip().partition(" ")
        field, value = _field(name, words.strip())
        if value is not None:
            take(result, field, value, words.strip())
    return result


def _field(name: str, words: str) -> tuple[str, Value | None]:
    spoken = digits(re.sub(r"(?<=\d),(?=\d)", ".", words))
    if name in _NUMBERS:
        number = _NUMBER.search(spoken)
        return _NUMBERS[name], float(number[0]) if number else None
    if name in _TIMES:
        length, number = DURATION.search(spoken), _NUMBER.search(spoken)
        return _TIMES[name], seconds(length) if length else float(number[0]) if number else None
    if name in _RATES:
        rate = RATE.search(spoken)
        return _RATES[name], float(bytes_per_s(rate)) if rate else None
    if name in _CHOICES:
        plain = re.sub(r"[\W_]", "", words)
        return name, next((choice for choice in _CHOICES[name] if choice.replace("-", "") == plain), None)
    if name in _SWITCHES:
        field, on, off = _SWITCHES[name]
        return field, on if words == "on" else off if words == "off" else None
    if name == "classes":
        return name, [one.strip() for one in re.split(r" and |,", words) if one.strip()] or None
    return name, None
