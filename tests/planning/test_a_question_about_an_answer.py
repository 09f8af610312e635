"""A step that waits for another, through the whole stack: its question is asked with the answer in it, or not at all."""

import pytest

from bench.harness.stack import Stack

pytestmark = pytest.mark.slow


def test_the_second_question_has_the_first_answer_in_it(stack: Stack, photo_bytes: bytes) -> None:
    turn = stack.finished(stack.put("Which animal is this, then count them", photo=stack.upload(photo_bytes))["id"])
    assert turn["state"] == "answered", turn["error"]
    first, second = turn["plan"]["steps"]
    assert first["task"] in ("classify", "vqa") and second["after"] == [1], "which one names animals is measured"
    assert "{" not in second["question"] and second["question"].startswith("how many ")
    assert len([step for step in turn["steps"] if step["receipt"]]) == 2
