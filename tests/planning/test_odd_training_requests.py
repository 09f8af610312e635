"""Training requests in terse, spoken and misspelt words: every field as it was meant, or a note."""

from typing import Any

import pytest

from inference.planning import draft_summary
from inference.planning.training.tables import read


def _named(message: str) -> dict[str, Any]:
    return {name: field.value for name, field in read(message).named.items()}


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("r=40 k=6 e=2 on digits", {"rounds": 40, "clients": 6, "local_epochs": 2, "dataset": "digits"}),
        ("rounds = 5, bits=4", {"rounds": 5, "bits": 4, "compression": "sketch"}),
        ("cifar-10 25 rounds", {"dataset": "cifar10", "rounds": 25}),
        ("3 rounds on see far ten with too boards", {"rounds": 3, "dataset": "cifar10", "clients": 2}),
        ("ronuds: 12, devcies: 3, digits", {"rounds": 12, "clients": 3, "dataset": "digits"}),
        (
            "two dozen rounds, alpha a fifth, digits",
            {"rounds": 24, "alpha": 0.2, "partition": "dirichlet", "dataset": "digits"},
        ),
        ("digits, 60s deadline", {"dataset": "digits", "round_deadline_s": 60}),
        ("drop stragglers after 3 minutes, digits", {"dataset": "digits", "round_deadline_s": 180}),
        ("one pass each, repeat that twenty times", {"local_epochs": 1, "rounds": 20}),
    ],
)
def test_fields(message: str, fields: dict[str, Any]) -> None:
    assert _named(message) == fields


@pytest.mark.parametrize(
    ("message", "name", "value"),
    [
        ("digits, dp off", "privacy", False),
        ("digits, turn off that noise", "privacy", False),
        ("digits, the noise can go", "privacy", False),
        ("digits with dp on", "privacy", True),
        ("digits dp=1", "privacy", True),
        ("digits, keep it private", "privacy", True),
        ("digits secagg=0", "secure_aggregation", False),
        ("digits, secagg on", "secure_aggregation", True),
        ("digits, switch off secure aggregation", "secure_aggregation", False),
        ("digits, compression off", "compression", "none"),
    ],
)
def test_switches_are_on_or_off_as_the_words_say(message: str, name: str, value: object) -> None:
    assert _named(message)[name] == value


@pytest.mark.parametrize(
    ("message", "classes"),
    [
        ("train on our photos, classes: oak, ash and elm", ["oak", "ash", "elm"]),
        ("teach it just bolts and nuts from the photos we took", ["bolts", "nuts"]),
        ("our pictures, only red, green and blue.", ["red", "green", "blue"]),
    ],
)
def test_classes_are_named(message: str, classes: list[str]) -> None:
    assert _named(message)["classes"] == classes
    assert ", ".join(classes) in draft_summary.sentence(read(message))


@pytest.mark.parametrize(
    ("message", "name", "note"),
    [
        ("train on cats and dogs only, cifar10", "classes", "only for the devices' own photos"),
        ("iid, alpha 0.5, digits", "alpha", "spread evenly"),
        ("digits, five million rounds", "rounds", "outside"),
    ],
)
def test_what_cannot_be_taken_is_noted(message: str, name: str, note: str) -> None:
    draft = read(message)
    assert name not in draft.named and any(note in one for one in draft.notes)
