"""A request to train that goes on from an earlier one, ranges, and what no setting was taken from."""

from typing import Any

import pytest

from inference.planning.context import Context
from inference.planning.training.request import read

FIRST = "train on digits, 10 rounds, 4 devices, with privacy and noise 0.5"


def values(message: str, *earlier: str) -> dict[str, Any]:
    context = Context(has_photo=False, earlier=earlier, answers=tuple("A draft is ready." for _ in earlier))
    return {name: field.value for name, field in read(message, context).named.items()}


@pytest.mark.parametrize(("message", "changes"), [
    ("the same with secure aggregation", {"secure_aggregation": True}),
    ("make it 40 rounds instead", {"rounds": 40}),
    ("twice the devices, rest unchanged", {"clients": 8}),
    ("half as many rounds", {"rounds": 5}),
    ("3 more rounds than before", {"rounds": 13}),
    ("2 fewer devices", {"clients": 2}),
])  # fmt: skip
def test_an_earlier_draft_is_changed(message: str, changes: dict[str, Any]) -> None:
    first = {"dataset": "digits", "rounds": 10, "clients": 4, "privacy": True, "noise_multiplier": 0.5}
    assert values(message, FIRST) == first | changes


def test_changes_follow_one_another() -> None:
    assert values("and now 2 more devices", FIRST, "the same, but 30 rounds")["rounds"] == 30
    assert values("and now 2 more devices", FIRST, "the same, but 30 rounds")["clients"] == 6


def test_what_is_dropped_takes_its_numbers_with_it() -> None:
    changed = values("the same without noise", FIRST)
    assert changed["privacy"] is False and "noise_multiplier" not in changed


def test_a_request_of_its_own_changes_nothing() -> None:
    assert values("train on cifar10, 5 rounds", FIRST) == {"dataset": "cifar10", "rounds": 5}
    assert values("start a run: our photos, 3 devices", "how many dogs are there?") == {"dataset": "photos", "clients": 3}


def test_more_than_there_may_be_is_not_set() -> None:
    assert values("twice the devices", "train on digits with 900 devices, 3 rounds")["clients"] == 900


@pytest.mark.parametrize("message", [
    "train on digits with 5 to 8 rounds",
    "train on digits, between ten and twenty rounds",
    "digits, 3 or 4 rounds, please train",
])  # fmt: skip
def test_a_range_sets_nothing_and_is_quoted(message: str) -> None:
    draft = read(message)
    assert "rounds" not in draft.named and "I took no setting from" in " ".join(draft.notes)


@pytest.mark.parametrize(("message", "quoted"), [
    ("train on digits, 10 rounds, dropout 0.3", "dropout"),
    ("train on digits, 10 rounds, start at 3 am", "3 am"),
    ("train on digits for 10 rounds and e-mail me", "e-mail"),
    ("train on digits with 10 rounds of 80%", "80%"),
])  # fmt: skip
def test_what_has_no_setting_is_quoted(message: str, quoted: str) -> None:
    assert quoted in " ".join(read(message).notes)


@pytest.mark.parametrize("message", [
    "train on cifar10 with 8 devices, 20 rounds, 2 local epochs, alpha 0.3, 90 s deadline",
    "run 12 was fine. Now train on digits, 3 rounds",
    "as in table 3 of the paper of 2022: train on digits, 3 rounds",
    "keep it private and train on our photos",
])  # fmt: skip
def test_nothing_is_quoted_where_all_was_taken(message: str) -> None:
    assert read(message).notes == []


@pytest.mark.parametrize(("message", "expected"), [
    ("T=50, K=20, E=5, digits", {"rounds": 50, "clients": 20, "local_epochs": 5, "dataset": "digits"}),
    ("train without noise and without masks on digits", {"privacy": False, "secure_aggregation": False, "dataset": "digits"}),
    ("don't use secure aggregation, train on digits", {"secure_aggregation": False, "dataset": "digits"}),
    ("train on digits, a minute and a half per round", {"dataset": "digits", "round_deadline_s": 90}),
    ("don't split it unevenly, train on digits", {"dataset": "digits", "partition": "iid"}),
    ("Lance un entraînement sur les chiffres, vingt tours", {"dataset": "digits", "rounds": 20}),
])  # fmt: skip
def test_more_ways_to_say_a_setting(message: str, expected: dict[str, Any]) -> None:
    assert values(message) == expected
