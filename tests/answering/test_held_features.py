"""A second question about the same photo uses the edge's cached features; where they were lost, they are sent again."""

from devices import dispatch
from inference.answering import execute
from inference.placement import routes
from inference.placement.choose import Candidate
from tests.answering.conftest import HIGH, K, Pair

SENT = Candidate(routes.SPLIT, K, HIGH, None, None, 500, 10.0, 10.0, 0.5)
HELD = Candidate(routes.SPLIT, K, HIGH, None, None, 0, 0.0, 10.0, 0.5, held=True)


def test_the_second_question_sends_nothing(pair: Pair) -> None:
    first = execute.run(pair.step(), SENT, 100.0)
    second = execute.run(pair.step(), HELD, 100.0)
    assert second.held and second.uplink_bytes == 0 and not second.transfers
    assert second.levels == [{"level": HIGH, "bytes": 0, "confidence": first.answer.confidence}]
    assert second.answer == first.answer


def test_the_device_is_not_called(pair: Pair) -> None:
    execute.run(pair.step(), SENT, 100.0)
    pair.calls.clear()
    execute.run(pair.step(), HELD, 100.0)
    assert pair.calls == ["edge-t.run_tail"]


def test_another_task_uses_the_same_features(pair: Pair) -> None:
    execute.run(pair.step(), SENT, 100.0)
    assert execute.run(pair.step("caption"), HELD, 100.0).uplink_bytes == 0


def test_lost_features_are_sent_in_the_same_attempt(pair: Pair) -> None:
    first = execute.run(pair.step(), SENT, 100.0)
    pair.restart_edge()
    second = execute.run(pair.step(), HELD, 100.0)
    assert not second.held and second.answer == first.answer
    assert second.uplink_bytes == first.uplink_bytes and len(second.levels) == 1


def test_another_failure_of_the_edge_does_not_count_as_lost_features(pair: Pair) -> None:
    pair.gone = lambda slug, verb: verb == "run_tail"
    try:
        execute.run(pair.step(), HELD, 100.0)
    except dispatch.NodeGone as error:
        assert error.slug == "edge-t"
    assert "jetson-t.run_head" not in pair.calls


def test_the_overhead_of_cached_answers_is_learnt_separately(pair: Pair) -> None:
    execute.run(pair.step(), SENT, 100.0)
    parts = [observation[1] for observation in execute.run(pair.step(), HELD, 100.0).observed]
    assert parts[-1].endswith("/overhead/held")
