"""The planning bench's requests: the offline planner reaches its measured accuracy, and the two halves do not overlap."""

import pytest

from bench.planning import scoring
from bench.planning.measurement import measure
from inference.planning.plan import Plan
from inference.planning.planner import OfflinePlanner


def test_the_offline_planner_plans_nine_of_ten_test_requests_exactly_and_invents_nothing() -> None:
    figures = measure(scoring.read_requests("test"), OfflinePlanner())
    assert figures["n_test"] >= 300
    assert figures["exact"] >= 0.9
    assert figures["training_exact"] >= 0.85
    assert figures["hallucinated"] == 0
    assert figures["ms_p50"] < 100  # on a busy machine


def test_no_request_is_in_both_halves() -> None:
    assert not scoring.overlap(scoring.read_requests("dev"), scoring.read_requests("test"))


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ("how many dogs are there in this photo?", "how many dogs", True),
        ("what color is the car", "which colour is the car?", True),
        ("is the dog chasing the cat", "is the cat chasing the dog", False),
        ("is the cat on the table", "is the cat under the table", False),
    ],
)
def test_questions_are_compared_by_their_content_words_in_order(first: str, second: str, equal: bool) -> None:
    assert (scoring.content(first) == scoring.content(second)) is equal


def test_a_wrong_dependency_is_a_wrong_plan() -> None:
    request = next(
        request for request in scoring.read_requests("dev") if request.kind == "dependent" and request.steps[1][0].after
    )
    steps = [
        {"id": 1, "task": "vqa", "question": "what is he holding?"},
        {"id": 2, "task": "vqa", "question": "what colour is it?"},
    ]
    verdict = scoring.judge(request, Plan.model_validate({"steps": steps, "why": "x"}), None)
    assert not verdict.exact and verdict.matched == 2


def test_a_model_that_does_not_exist_counts_as_hallucinated() -> None:
    request = next(request for request in scoring.read_requests("dev") if request.kind == "single")
    invented = Plan.model_validate({"steps": [{"id": 1, "task": "classify", "model": "run 99"}], "why": "x"})
    assert scoring.judge(request, invented, None).hallucinated
