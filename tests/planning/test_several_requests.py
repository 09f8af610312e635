"""A sentence with several requests is read request by request where the whole was not read to its end."""

import time

import pytest

from inference.planning.completeness.requests import requests
from inference.planning.context import Context
from inference.planning.offline import plan_offline
from inference.planning.plan import Planned
from tests.planning.reading import steps_of

PHOTO = Context(has_photo=True)


def planned(message: str) -> Planned:
    return plan_offline(message, PHOTO, None, time.perf_counter())


@pytest.mark.parametrize(("message", "parts"), [
    ("is the bin full / what does the lid say", ["is the bin full", "what does the lid say"]),
    ("tell me what is on the plate and whether the cup is empty", ["tell me what is on the plate", "is the cup empty"]),
    ("Lovely light. Is the gate shut? And how many cows are there?", ["Is the gate shut", "how many cows are there"]),
    ("which of my devices is slow, and is it raining", ["which of my devices is slow", "is it raining"]),
])  # fmt: skip
def test_the_requests_of_a_sentence(message: str, parts: list[str]) -> None:
    assert requests(message) == parts


@pytest.mark.parametrize("message", [
    "Is the dog asleep?",
    "Is there a boat? If so, what colour is it?",  # the second hangs on the first
    "What shape is the vase? Describe the shape briefly.",  # the same in other words
    "The man and the woman at the table and the child",
    "",
])  # fmt: skip
def test_what_is_not_parted(message: str) -> None:
    assert requests(message) == []


@pytest.mark.parametrize(("message", "steps"), [
    ("¿Está cerrada la ventana y de qué color es?", ["vqa is the window closed?", "vqa what colour is the window?"]),
    ("Quel fruit est-ce et combien y en a-t-il ?", ["classify", "vqa how many are there?"]),
    ("what animal, how many, awake or asleep?", ["classify", "vqa how many are there?", "vqa is it awake or asleep?"]),
])  # fmt: skip
def test_words_in_another_order_are_questions_in_english(message: str, steps: list[str]) -> None:
    assert steps_of(planned(message).plan) == steps


def test_a_question_about_devices_beside_one_about_the_photo() -> None:
    plan = planned("Welches meiner Geräte ist gerade offline, und ist auf dem Bild die Tür offen?")
    assert plan.asks_system and steps_of(plan.plan) == ["vqa is the door open?"]


@pytest.mark.parametrize(("message", "steps"), [
    ("🐱❓", ["classify"]),
    ("🐕 or 🐺", ["vqa is it a dog or a wolf?"]),
    ("how many 🍎 are in the basket", ["vqa how many apples are in the basket?"]),
    ("what is this 😀", ["classify"]),
])  # fmt: skip
def test_an_emoji_that_stands_for_a_thing_is_that_thing(message: str, steps: list[str]) -> None:
    assert steps_of(planned(message).plan) == steps


@pytest.mark.parametrize(("message", "question"), [
    ("is there a bycicle", "is there a bicycle?"),
    ("what colour is the jaket", "what colour is the jacket?"),
    ("is the “jaket” sign green", "is the jaket sign green?"),  # quoted
])  # fmt: skip
def test_a_slip_in_what_is_asked_about_is_mended(message: str, question: str) -> None:
    assert [step.question for step in planned(message).plan.steps] == [question]


@pytest.mark.parametrize(("message", "steps"), [
    ("describing it is pointless, is there a crack?", ["vqa is there a crack?"]),
    ("a description is the last thing I want. is the window broken?", ["vqa is the window broken?"]),
    ("no description 🙄 just is it cute or ugly", ["vqa is it cute or ugly?"]),
])  # fmt: skip
def test_what_is_forbidden_in_other_words_is_not_done(message: str, steps: list[str]) -> None:
    assert steps_of(planned(message).plan) == steps
