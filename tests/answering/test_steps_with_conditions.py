"""Requests with a condition, over the whole stack: what is asked, what is left out, and what the answer says of that."""

import pytest

from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = pytest.mark.slow


def test_only_the_branch_that_the_answer_demands_is_asked(stack: Stack) -> None:
    question = "If there is a dog, tell me what colour it is, otherwise describe the photo."
    turn = stack.finished(stack.put(question, photo=stack.upload(draw_photo(31)))["id"])
    assert turn["state"] == "answered", turn["error"]
    first, *branches = turn["steps"]
    assert [step["only_if"]["answer"] for step in turn["plan"]["steps"][1:]] == ["yes", "no"]
    assert first["receipt"] is not None
    others = [step for step in branches if step["state"] == "answered"]
    left_out = [step for step in branches if step["state"] == "left out"]
    assert len(left_out) == 2 - len(others) >= 1
    assert all(step["receipt"] is None and step["error"] is None for step in left_out)
    assert turn["answer"].count("was left out") == len(left_out)


def test_a_question_about_the_system_is_answered_without_the_photo(stack: Stack) -> None:
    turn = stack.finished(stack.put("Which devices are online?", photo=stack.upload(draw_photo(32)))["id"])
    assert turn["state"] == "answered" and turn["steps"] == []
    assert "jetson-a" in turn["answer"] and "jetson-b" in turn["answer"]
