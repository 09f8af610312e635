"""A few words that stand for a question, and lists of them."""

import pytest

from inference.planning.completeness.items import items
from inference.planning.offline import Context, plan
from inference.planning.phrasing.fragments import question_of

PHOTO = Context(has_photo=True)


@pytest.mark.parametrize(("fragment", "question"), [
    ("label torn", "is the label torn"),
    ("lights on", "are the lights on"),
    ("fan colour?", "what colour is the fan"),
    ("colour of the roof", "what colour is the roof"),
    ("number of parcels", "how many parcels are there"),
    ("any cracks", "are there any cracks"),
    ("moss", "is there any moss"),
    ("deadwood y/n", "is there any deadwood"),
    ("lying or standing", "is it lying or standing"),
    ("curtains open/closed", "are the curtains open or closed"),
    ("height vs house", "is it taller than the house"),
    ("serial no.", "read what is the serial number"),
    ("sender", "read who is the sender"),
    ("species", "classify it"),
    ("sex", "is it male or female"),
    ("driver: m/f", "is the driver male or female"),
])  # fmt: skip
def test_a_fragment_in_full(fragment: str, question: str) -> None:
    assert question_of(fragment) == question


@pytest.mark.parametrize("text", [
    "thanks", "hello there", "what is this", "my dear", "I like it", "", "it's complete",
    "read it", "right", "please be quick about all of it today",
])  # fmt: skip
def test_what_is_no_fragment(text: str) -> None:
    assert question_of(text) == ""


def test_the_subject_of_a_list_is_what_its_states_are_about() -> None:
    assert question_of("rusty", "mast") == "is the mast rusty" and question_of("marked", "exits") == "are the exits marked"


@pytest.mark.parametrize(("message", "questions"), [
    ("lid shut? flame on? smoke?", ["is the lid shut?", "is the flame on?", "is there any smoke?"]),
    ("State of the kitchen: dishes? crumbs? Is the oven on?",
     ["are there any dishes?", "are there any crumbs?", "is the oven on?"]),
    ("roof colour / chimneys / solar panels",
     ["what colour is the roof?", "are there any chimneys?", "are there any solar panels?"]),
    ("left tyre ok? right tyre ok?", ["is the left tyre ok?", "is the right tyre ok?"]),
])  # fmt: skip
def test_a_list_of_fragments(message: str, questions: list[str]) -> None:
    assert [step.question for step in plan(message, PHOTO).steps] == questions


def test_the_last_item_of_a_list_keeps_its_letters() -> None:
    listed = items("serial no., brand, any cracks")
    assert listed is not None and listed.texts == ["serial no.", "brand", "any cracks"]


def test_exclamations_are_no_list() -> None:
    assert [step.task for step in plan("my dear, what a lovely thing, what is it?", PHOTO).steps] == ["classify"]
