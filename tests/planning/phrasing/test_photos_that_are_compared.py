"""Questions that compare photos of the conversation, or name some of them."""

import pytest

from inference.planning.offline import Context, plan
from inference.planning.phrasing.compared import compared


@pytest.mark.parametrize(("message", "question", "befores"), [
    ("is the fence higher now than it was in the first shot", "how high is the fence", (2, 0)),
    ("More cars here than yesterday?", "how many cars are there", (1, 0)),
    ("has the puddle got bigger since the last one", "how big is the puddle", (1, 0)),
    ("which of the three has the fewest weeds?", "how many weeds are there", (2, 1, 0)),
    ("which of the pics has the kid with the bigger smile", "how big is the smile", (2, 1, 0)),
    ("does he look happier here than in the one i sent before", "does he look happy", (1, 0)),
    ("Did they paint the door another colour?", "what colour is the door", (1, 0)),
    ("has anything been added to the shelf since the first pic", "what is on the shelf", (2, 0)),
    ("on which of the pictures can you see the moon", "can you see the moon", (2, 1, 0)),
    ("count the bottles in both and tell me where there's more", "how many bottles are there", (2, 1, 0)),
    ("compare the two: did the tree lose its leaves", "did the tree lose its leaves", (2, 1, 0)),
    ("are both of these the same breed", "", (2, 1, 0)),
])  # fmt: skip
def test_each_photo_is_asked_the_same(message: str, question: str, befores: tuple[int, ...]) -> None:
    pair = compared(message, 2)
    assert pair is not None and (pair.question, pair.befores) == (question, befores)


@pytest.mark.parametrize("message", [
    "is the left dog bigger than the right one", "are there more people than chairs",
    "Is this the same kind of bird as in the previous photo?",
    "what is in this photo?", "is it wet?", "",
])  # fmt: skip
def test_what_compares_no_photos(message: str) -> None:
    assert compared(message, 2) is None


@pytest.mark.parametrize(("message", "befores"), [
    ("Photos two and four only: is there a handle?", [2, 0]),
    ("pics 2 and 4, is there a handle?", [2, 0]),
    ("the second and the third photo: is there a handle?", [2, 1]),
])  # fmt: skip
def test_photos_that_are_named_by_their_numbers(message: str, befores: list[int]) -> None:
    steps = plan(message, Context(True, earlier_photos=3)).steps
    assert [(step.question, step.before) for step in steps] == [("is there a handle?", before) for before in befores]


def test_the_same_is_asked_of_what_a_new_photo_shows() -> None:
    context = Context(True, ("Is the bed made?",), True, ("yes",), (), 1)
    assert [(step.question, step.before) for step in plan("And in this room?", context).steps] == [("is the bed made?", 0)]


def test_the_same_question_for_an_earlier_photo() -> None:
    context = Context(True, ("is the cot empty?",), answers=("yes",), earlier_photos=1)
    assert [(step.question, step.before) for step in plan("Same question for the picture before.", context).steps] == [
        ("is the cot empty?", 1)
    ]


def test_a_doubted_answer_is_looked_for_again() -> None:
    context = Context(True, ("is the roof damaged?",), answers=("no",))
    assert [step.question for step in plan("Really? Look at the roof once more.", context).steps] == ["is the roof damaged?"]
