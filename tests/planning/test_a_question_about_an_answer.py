"""A step that waits for another, through the whole stack: its question is asked with the answer in it, or not at all."""

from pathlib import Path

import pytest

from bench.harness.stack import Stack

pytestmark = pytest.mark.slow


def test_the_second_question_has_the_first_answer_in_it(stack: Stack, photo_file: Path) -> None:
    status, body, stderr = stack.ask(photo_file, "Which animal is this, then count them")
    assert status == 0, stderr
    first, second = body["plan"]["steps"]
    assert (first["task"], second["after"]) == ("classify", [1])
    assert "{" not in second["question"] and second["question"].startswith("how many ")
    assert len([receipt for receipt in body["receipts"] if receipt]) == 2
