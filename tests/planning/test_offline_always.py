"""What holds for every message, whatever it says."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.planning.offline import Context, plan
from inference.planning.plan import Plan

PHOTO = Context(has_photo=True)


def _steps(planned: Plan) -> list[str]:
    return [f"{step.task} {step.question}".strip() for step in planned.steps]


def _planned(message: str, *earlier: str, new_photo: bool = False) -> list[str]:
    return _steps(plan(message, Context(True, earlier, new_photo)))


WORDS = "what is the dog it and then , ? . describe tell me how many are they a train this one colour of & if whether in photo"


@settings(deadline=None)  # the first message loads the reader
@given(
    st.lists(st.sampled_from(WORDS.split()), max_size=40),
    st.lists(st.lists(st.sampled_from(WORDS.split()), max_size=8), max_size=3),
    st.booleans(),
)
def test_any_mix_of_words_gives_the_same_valid_plan_twice(words: list[str], earlier: list[list[str]], has_photo: bool) -> None:
    context = Context(has_photo, tuple(" ".join(one) for one in earlier))
    planned = plan(" ".join(words), context)
    assert planned == plan(" ".join(words), context)
    assert has_photo or not planned.needs_photo


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_valid_plan(message: str) -> None:
    assert plan(message, PHOTO).why


@pytest.mark.parametrize(
    "part", ["then ", "a, ", "and what ", "in this photo, ", "what is the ", "tell me ", "is there a dog and "]
)
def test_the_longest_allowed_message_is_planned_quickly(part: str) -> None:
    message = (part * 2000)[:2000]
    started = time.perf_counter()
    plan(message, Context(True, (message,)))
    assert time.perf_counter() - started < 5.0  # on a busy machine
