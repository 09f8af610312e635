"""Settings as people say them: taken back, in relation to each other, by a paper's letters, in other languages."""

from typing import Any

import pytest

from inference.planning.context import Context
from inference.planning.offline import plan
from inference.planning.training.request import read

FIRST = "train on digits with 4 boards and 10 rounds, 60 seconds per round"


def values(message: str, *earlier: str) -> dict[str, Any]:
    context = Context(has_photo=False, earlier=earlier, answers=tuple("A draft is ready." for _ in earlier))
    return {name: field.value for name, field in read(message, context).named.items()}


@pytest.mark.parametrize(("message", "fields"), [
    ("train on digits with 20, no, 30 rounds and 5 devices", {"rounds": 30, "clients": 5}),
    ("cifar-10 with 8 clients, I mean 9, for 25 rounds", {"clients": 9, "rounds": 25}),
    ("I'd say 10 clients. No wait, 12. Digits. 20 rounds.", {"clients": 12, "rounds": 20}),
    ("digits with 8 devices and half as many rounds", {"clients": 8, "rounds": 4}),
    ("ten boards, three times as many rounds, digits", {"clients": 10, "rounds": 30}),
    ("digits, two boards, a hundred and twenty rounds", {"rounds": 120, "clients": 2}),
    ("digits, 8 rounds of 90 seconds with 6 devices", {"rounds": 8, "round_deadline_s": 90}),
    ("run: 16 nodes, cifar10, T=50, E=5, B=20", {"rounds": 50, "local_epochs": 5, "batch_size": 20}),
    ("train the small cnn instead of the resnet on digits", {"model": "cnn-small"}),
    ("digits, ten clients of which two bad clients, 30 rounds", {"clients": 10}),
    ("train on our labelled pictures (rusty / clean), 4 boards", {"classes": ["rusty", "clean"]}),
    ("train on the boards' photos to tell cups, plates and bowls apart", {"classes": ["cups", "plates", "bowls"]}),
    ("train on digits with half a bit per value, 7 rounds", {"bits": 0.5, "compression": "sketch", "rounds": 7}),
    ("cifar-10 on six boards with a quarter of a bit per weight", {"bits": 0.25, "clients": 6}),
    ("teach my boards the digits in 9 rounds and make it private", {"privacy": True, "rounds": 9}),
    ("用CIFAR-10训练，12台设备，30轮", {"dataset": "cifar10", "clients": 12, "rounds": 30}),
    ("Trainiere auf Ziffern mit 20 Geräten, Alpha 0,5", {"alpha": 0.5, "clients": 20}),
])  # fmt: skip
def test_what_is_said_is_what_is_set(message: str, fields: dict[str, Any]) -> None:
    assert fields.items() <= values(message).items()


@pytest.mark.parametrize(("message", "fields"), [
    ("three times as many boards", {"clients": 12}),
    ("add 5 rounds", {"rounds": 15}),
    ("again, but 20 seconds longer per round", {"round_deadline_s": 80}),
    ("switch to cifar10", {"dataset": "cifar10", "clients": 4}),
])  # fmt: skip
def test_a_change_is_reckoned_from_the_draft_before(message: str, fields: dict[str, Any]) -> None:
    assert fields.items() <= values(message, FIRST).items()


def test_one_number_is_not_two_settings() -> None:
    assert "wall_clock_s" not in values("Entraîne sur les chiffres avec dix appareils pendant vingt tours")


def test_a_change_of_a_draft_is_a_request_to_train_whatever_its_words() -> None:
    context = Context(False, ("cifar10 alpha 0.3 8 clients 20 rounds",), answers=("A draft is ready.",))
    assert [step.task for step in plan("What we had, only iid instead.", context).steps] == ["train"]


def test_without_a_photo_a_run_with_settings_is_drafted_and_the_rest_waits() -> None:
    planned = plan("Read the label to me. After that, set up five rounds of digits.", Context(has_photo=False))
    assert [step.task for step in planned.steps] == ["train"]
