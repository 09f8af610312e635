"""The bench's own requests: the offline planner keeps what was measured, and the halves are kept apart."""

import pytest

from bench.planning import __main__ as planning
from bench.planning import rows
from inference.planning.plan import Plan
from inference.planning.planner import OfflinePlanner


def test_the_offline_planner_plans_nine_of_ten_test_requests_exactly_and_invents_nothing() -> None:
    figures = planning.measure(rows.rows("test"), OfflinePlanner())
    assert figures["n_test"] >= 300
    assert figures["exact"] >= 0.9
    assert figures["training_exact"] >= 0.85
    assert figures["hallucinated"] == 0
    assert figures["ms_p50"] < 5


def test_no_request_is_in_both_halves() -> None:
    assert not rows.overlap(rows.rows("dev"), rows.rows("test"))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("how many dogs are there in this photo?", "how many dogs", True),
        ("what color is the car", "which colour is the car?", True),
        ("is the dog chasing the cat", "is the cat chasing the dog", False),
        ("is the cat on the table", "is the cat under the table", False),
    ],
)
def test_questions_are_compared_by_their_content_words_in_order(one: str, other: str, alike: bool) -> None:
    assert (rows.content(one) == rows.content(other)) is alike


def test_a_wrong_dependency_is_a_wrong_plan() -> None:
    row = next(row for row in rows.rows("dev") if row.kind == "dependent" and row.steps[1][0].after)
    steps = [
        {"id": 1, "task": "vqa", "question": "what is he holding?"},
        {"id": 2, "task": "vqa", "question": "what colour is it?"},
    ]
    verdict = rows.judge(row, Plan.model_validate({"steps": steps, "why": "x"}), None)
    assert not verdict.exact and verdict.both == 2


def test_a_model_that_does_not_exist_counts_as_invented() -> None:
    row = next(row for row in rows.rows("dev") if row.kind == "single")
    invented = Plan.model_validate({"steps": [{"id": 1, "task": "classify", "model": "run 99"}], "why": "x"})
    assert rows.judge(row, invented, None).invented
