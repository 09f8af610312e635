"""Questions that lean on earlier ones."""

import pytest

from inference.planning import offline
from inference.planning.offline import Context, plan
from tests.planning.reading import PHOTO, planned, steps_of


@pytest.mark.parametrize(
    ("earlier", "message", "steps"),
    [
        ("What is the dog doing?", "and what colour is it?", ["vqa what colour is the dog?"]),
        ("Is there a car?", "What color is it", ["vqa what color is the car?"]),
        ("How many children are there?", "what are they doing?", ["vqa what are the children doing?"]),
        ("What is the man doing?", "and what is he wearing?", ["vqa what is the man wearing?"]),
        ("What colour is the dog?", "and the car?", ["vqa what colour is the car?"]),
        ("Where is the dog?", "what about the cat?", ["vqa where is the cat?"]),
        ("How many dogs are there?", "how about cats?", ["vqa how many cats are there?"]),
        ("Is there a dog?", "and a cat?", ["vqa is there a cat?"]),
        ("What kind of dog is this?", "and this one?", ["classify"]),
    ],
)
def test_a_follow_up_is_resolved_and_says_so(earlier: str, message: str, steps: list[str]) -> None:
    planned = plan(message, Context(True, (earlier,)))
    assert steps_of(planned) == steps
    assert "was taken" in planned.why or "was repeated" in planned.why


def test_a_follow_up_of_a_follow_up_finds_the_nearer_noun() -> None:
    assert planned("where is it?", "what colour is the dog?", "and the car?") == ["vqa where is the car?"]


@pytest.mark.parametrize(
    ("earlier", "message"),
    [
        ("What is the dog doing?", "is it raining?"),  # stands for nothing
        ("Is the dog next to the car?", "what colour is it?"),  # either
        ("What is the man doing?", "what colour is it?"),  # no thing
        ("What is the cat doing?", "does the dog have its ball?"),  # its own noun
    ],
)
def test_a_pronoun_that_is_not_plain_stays_as_it_is(earlier: str, message: str) -> None:
    assert planned(message, earlier) == [f"vqa {message}"]


def test_it_is_not_taken_from_questions_about_another_photo_but_this_one_repeats_them() -> None:
    assert planned("what colour is it?", "what is the dog doing?", new_photo=True) == ["vqa what colour is it?"]
    assert planned("and this one?", "what is the dog doing?", new_photo=True) == ["vqa what is the dog doing?"]


def test_a_follow_up_of_nothing_asks_for_the_whole_question() -> None:
    assert plan("and the car?", PHOTO).why == offline.NO_EARLIER
