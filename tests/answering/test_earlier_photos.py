"""Questions about another photo of the conversation, over the whole stack."""

from typing import Any

import pytest

from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = pytest.mark.slow


def ask(stack: Stack, question: str, **fields: Any) -> dict[str, Any]:
    turn = stack.finished(stack.put(question, **fields)["id"])
    assert turn["state"] == "answered", turn["error"]
    return turn


def test_an_earlier_photo_can_be_asked_about_and_compared(stack: Stack) -> None:
    old, new = (stack.upload(draw_photo(seed)) for seed in (41, 42))
    # Equal answers can only be expected of the same route: a code changes the features a little.
    same = {"node": "jetson-a", "route": "device"}
    first = ask(stack, "Describe this photo.", photo=old, **same)
    talk = {"conversation": first["conversation"]}
    ask(stack, "Describe this photo.", photo=new, **talk)
    second = ask(stack, "Describe the previous photo again.", **talk, **same)
    (receipt,) = [step["receipt"] for step in second["steps"]]
    assert (receipt["photo"], receipt["before"]) == (old, 1)
    assert receipt["answer"] == first["steps"][0]["receipt"]["answer"]
    assert second["answer"].startswith("The photo before: ")
    compared = ask(stack, "Are there more dogs in this photo than in the first photo?", **talk)
    assert [step["receipt"]["photo"] for step in compared["steps"]] == [new, old]
    assert "This photo: " in compared["answer"] and "The photo before: " in compared["answer"]


def test_an_earlier_photo_that_does_not_exist_is_a_sentence(stack: Stack) -> None:
    turn = ask(stack, "What was in the previous photo?", photo=stack.upload(draw_photo(43)))
    assert not turn["steps"] and "no earlier photo" in turn["answer"]
