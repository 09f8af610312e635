"""A second question about the same photo: the edge still has its features, and if not, they are sent without a word."""

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
    assert second.levels == [{"level": HIGH, "bytes": 0, "confidence": first.answer["confidence"]}]
    assert second.answer == first.answer


def test_the_device_is_not_asked_at_all(pair: Pair) -> None:
    execute.run(pair.step(), SENT, 100.0)
    pair.calls.clear()
    execute.run(pair.step(), HELD, 100.0)
    assert pair.calls == ["edge-t.run_tail"]


def test_another_task_uses_the_same_features(pair: Pair) -> None:
    execute.run(pair.step(), SENT, 100.0)
    assert execute.run(pair.step("caption"), HELD, 100.0).uplink_bytes == 0


def test_features_the_edge_has_lost_are_sent_in_the_same_try(pair: Pair) -> None:
    first = execute.run(pair.step(), SENT, 100.0)
    pair.restart_edge()
    again = execute.run(pair.step(), HELD, 100.0)
    assert not again.held and again.answer == first.answer
    assert again.uplink_bytes == first.uplink_bytes and len(again.levels) == 1


def test_another_refusal_of_the_edge_is_not_taken_for_a_loss(pair: Pair) -> None:
    pair.gone = lambda slug, verb: verb == "run_tail"
    try:
        execute.run(pair.step(), HELD, 100.0)
    except dispatch.NodeGone as error:
        assert error.slug == "edge-t"
    assert "jetson-t.run_head" not in pair.calls


def test_the_overhead_of_a_held_answer_is_learned_by_itself(pair: Pair) -> None:
    execute.run(pair.step(), SENT, 100.0)
    parts = [part for _, part, _ in execute.run(pair.step(), HELD, 100.0).observed]
    assert parts[-1].endswith("/overhead/held")
