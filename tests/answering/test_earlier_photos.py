"""Questions about another photo of the conversation, over the whole stack."""

from typing import Any

import pytest

from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = pytest.mark.slow


def asked(stack: Stack, question: str, **fields: Any) -> dict[str, Any]:
    turn = stack.finished(stack.put(question, **fields)["id"])
    assert turn["state"] == "answered", turn["error"]
    return turn


def test_an_earlier_photo_is_looked_at_again_and_two_are_compared(stack: Stack) -> None:
    old, new = (stack.upload(draw_photo(seed)) for seed in (41, 42))
    # The same words can only be expected of the same route: what a code keeps of a photo may read differently.
    same = {"node": "jetson-a", "route": "device"}
    first = asked(stack, "Describe this photo.", photo=old, **same)
    talk = {"conversation": first["conversation"]}
    asked(stack, "Describe this photo.", photo=new, **talk)
    again = asked(stack, "Describe the previous photo again.", **talk, **same)
    (receipt,) = [step["receipt"] for step in again["steps"]]
    assert (receipt["photo"], receipt["before"]) == (old, 1)
    assert receipt["answer"] == first["steps"][0]["receipt"]["answer"]
    assert again["answer"].startswith("The photo before: ")
    both = asked(stack, "Are there more dogs in this photo than in the first photo?", **talk)
    assert [step["receipt"]["photo"] for step in both["steps"]] == [new, old]
    assert "This photo: " in both["answer"] and "The photo before: " in both["answer"]


def test_an_earlier_photo_that_never_was_is_a_sentence(stack: Stack) -> None:
    turn = asked(stack, "What was in the previous photo?", photo=stack.upload(draw_photo(43)))
    assert not turn["steps"] and "no earlier photo" in turn["answer"]
