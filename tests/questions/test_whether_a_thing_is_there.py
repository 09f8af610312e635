"""Questions whether a thing is there: the thing, and what else is asked of it."""

import pytest

from inference.engine.questions import kinds
from inference.engine.questions.kinds import Kind
from inference.engine.questions.presence import Presence


@pytest.mark.parametrize(
    "question", ["is there a zebra?", "is it a zebra", "do you see any zebras?", "is there a single zebra?"]
)
def test_a_question_for_presence_names_the_thing(question: str) -> None:
    reading = kinds.read(question)
    assert reading.presence
    assert reading.subject.removesuffix("s") == "zebra"


@pytest.mark.parametrize(
    ("question", "presence"),
    [
        ("is there a dog in this picture?", Presence("dog")),
        ("are there any people in this one", Presence("people")),
        ("any cats visible?", Presence("cats")),
        ("is a dog in the photo?", Presence("dog")),
        ("is there a dog or not?", Presence("dog")),
        ("do you think there is a dog?", Presence("dog")),
        ("there is a dog, right?", Presence("dog")),
        ("is there broccoli on the table?", Presence("broccoli", located=True)),
        ("are there any boats in front of the house", Presence("boats", located=True)),
        ("is there a dog on the bed in this photo", Presence("dog", located=True)),
        ("are there lots of books?", Presence("books", qualified=True)),
        ("are there two dogs", Presence("dogs", qualified=True)),
        ("is there another dog?", Presence("dog", qualified=True)),
        ("is there a black dog?", Presence("dog", qualified=True)),
        ("is there a group of people", Presence("people", qualified=True)),
        ("is there a dog running?", Presence("dog", qualified=True)),
        ("is there a man wearing glasses", Presence("man", qualified=True)),
        ("is there a man in a red shirt?", Presence("man", located=True)),
        ("is this a photo of a dog?", Presence("dog", identity=True)),
        ("are these horses?", Presence("horses", identity=True)),
        ("is it an orange?", Presence("orange", identity=True)),
    ],
)
def test_presence_is_read_with_what_else_is_asked_of_the_thing(question: str, presence: Presence) -> None:
    assert kinds.read(question).presence == presence


@pytest.mark.parametrize(
    "question",
    [
        "are they wearing hats?", "are these people wearing glasses?", "are they holding hands?", "are they in the woods",
        "are they dressed as pirates", "are these his", "is it orange", "is it a sunny day?", "is it a good photo?",
        "does it have a shell?", "is there anything else?", "is there someone sleeping in the bed?",
    ],
)  # fmt: skip
def test_what_asks_for_more_than_a_thing_is_asked_as_it_is(question: str) -> None:
    reading = kinds.read(question)
    assert (reading.kind, reading.presence) == (Kind.YES_NO, None)


@pytest.mark.parametrize("question", ["is it raining?", "is she happy?", "is the dog asleep?", "is there someone here?"])
def test_a_quality_is_no_presence(question: str) -> None:
    assert not kinds.read(question).presence
