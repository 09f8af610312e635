"""No step that the words forbid, whatever the tables and the reader make of a message."""

import time

import pytest

from inference.planning.completeness import prohibitions
from inference.planning.context import Context
from inference.planning.offline import plan_offline


def tasks(message: str) -> list[str]:
    return [step.task for step in plan_offline(message, Context(has_photo=True), None, time.perf_counter()).plan.steps]


@pytest.mark.parametrize(("message", "forbidden"), [
    ("no description pls, just is it cute or ugly", {"caption"}),
    ("A description would be overkill; what is the make of the tractor?", {"caption"}),
    ("Don't you dare describe it. How many eggs are there?", {"caption"}),
    ("OCR off. What is on the shelf?", {"read"}),
    ("please skip the reading, is the lamp on?", {"read"}),
    ("Never start a training run, what is this?", {"train"}),
    ("it doesn't need retraining. is the valve open?", {"train"}),
    ("no training, no captions: is it raining?", {"train", "caption"}),
])  # fmt: skip
def test_what_is_forbidden_is_not_asked(message: str, forbidden: set[str]) -> None:
    assert prohibitions.forbidden(message) == forbidden
    assert tasks(message) and not forbidden & set(tasks(message))


@pytest.mark.parametrize("message", [
    "Don't just describe it, read the sign too",
    "I cannot describe how glad I am. What is this?",
    "Is there no one to read the letter?",
])  # fmt: skip
def test_what_only_sounds_like_it(message: str) -> None:
    assert not prohibitions.forbidden(message)


def test_what_is_struck_out_is_not_asked() -> None:
    assert tasks("count the **nuts** on the flange, ~~and describe the pipe~~") == ["vqa"]


@pytest.mark.parametrize("message", [
    "At what platform does the train leave according to the board?",
    "My dog needs more training, how many dogs are in the pic?",
    "Is the one on the left what we trained on 8 boards?",
])  # fmt: skip
def test_other_trains_and_trainings_start_nothing(message: str) -> None:
    assert "train" not in tasks(message)
