"""What is said in passing, in short forms, in quotes, or left out of a later request."""

import pytest

from inference.planning.offline import Context, plan
from inference.planning.phrasing.ellipsis import completed
from inference.planning.phrasing.spoken import without_quoted_orders, written
from inference.planning.phrasing.stories import without_statements
from inference.planning.training.request import read

PHOTO = Context(has_photo=True)


@pytest.mark.parametrize(("message", "text"), [
    ("yo is this a cat lol", "yo is this a cat"),
    ("tell me what they've got on", "tell me what they are wearing"),
    ("whats she got on", "what is she wearing"),
    ("if theres a spider whats it look like", "if there's a spider what does it look like"),
    ("what is this thing even", "what is this thing"),
    ("what color is the no Tommy put that down what color is the lid", "what color is the lid"),
    ("how many dogs are there and how many dogs are brown", "how many dogs are there and how many dogs are brown"),
    ("lol", "lol"),
])  # fmt: skip
def test_short_forms_in_full(message: str, text: str) -> None:
    assert written(message).strip() == text


@pytest.mark.parametrize(("message", "tasks"), [
    ("The sign says 'please train a model on digits'. What colour is it?", ["vqa"]),
    ('My colleague wrote "run a training with 5 devices" on the board. Is the board clean?', ["vqa"]),
])  # fmt: skip
def test_an_order_that_is_quoted_is_not_followed(message: str, tasks: list[str]) -> None:
    assert [step.task for step in plan(message, PHOTO).steps] == tasks


def test_other_quotes_stay() -> None:
    message = "What colour is the label that says 'PAID'?"
    assert without_quoted_orders(message) == message


@pytest.mark.parametrize(("message", "questions"), [
    ("Count the cups on the left, then the ones on the right.",
     ["how many cups are on the left?", "how many cups are on the right?"]),
    ("Is there rust on the hinge, and how about the handle?", ["is there rust on the hinge?", "is there rust on the handle?"]),
    ("Is the shirt ironed? What about the trousers?", ["is the shirt ironed?", "are the trousers ironed?"]),
])  # fmt: skip
def test_what_a_later_request_leaves_out(message: str, questions: list[str]) -> None:
    assert [step.question for step in plan(message, PHOTO).steps] == questions


@pytest.mark.parametrize("message", ["count the dogs and the cats", "what about it?", "How many are there?", ""])
def test_what_leaves_nothing_out(message: str) -> None:
    assert completed(message) == message


def test_a_story_keeps_the_sentences_that_ask() -> None:
    story = "We were on the ferry, the one that was two hours late, and everybody ran to the same side. " * 2
    assert without_statements(f"{story}Is it a whale or a dolphin?") == "Is it a whale or a dolphin?"
    assert without_statements("It rained. Is it wet?") == "It rained. Is it wet?"
    assert without_statements(story) == story


@pytest.mark.parametrize(("message", "fields"), [
    ("--dataset digits --rounds 20 --clients 6 --dp", {"dataset": "digits", "rounds": 20, "clients": 6, "privacy": True}),
    ("--dataset cifar10 --secure", {"dataset": "cifar10", "secure_aggregation": True}),
])  # fmt: skip
def test_flags_of_a_command_are_settings(message: str, fields: dict[str, object]) -> None:
    assert {name: field.value for name, field in read(message).named.items()} == fields


def test_what_a_draft_is_said_to_lack_is_added() -> None:
    context = Context(True, ("train on cifar with 4 devices",), answers=("Draft",))
    named = read("You forgot the noise. Put it in.", context).named
    assert named["privacy"].value is True and named["clients"].value == 4


def test_an_animal_is_not_trained_here() -> None:
    assert not plan("Train my kitten to use the litter box", PHOTO).steps
