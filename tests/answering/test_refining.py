"""Answer from a low level; where that is not confident enough, send the missing bits up to a higher level and answer again."""

from typing import Any

import pytest

from devices import dispatch
from inference.answering import execute
from inference.placement import routes
from inference.placement.choose import Candidate
from tests.answering.conftest import HIGH, LOW, K, Pair, refining

NEVER_SURE, ALWAYS_SURE = 1.1, 0.0


def candidate(level: int = LOW, refine_to: int | None = HIGH, held: bool = False) -> Candidate:
    return Candidate(routes.SPLIT, K, level, None, None, 200, 10.0, 10.0, 0.5, held, refine_to)


def size(pair: Pair, level: int) -> int:
    return pair.profile.code_levels("classify", K)[level - 1].bytes


def test_a_confident_answer_is_not_refined(pair: Pair) -> None:
    pair.profile = refining(pair.profile, ALWAYS_SURE)
    outcome = execute.run(pair.step(), candidate(), 100.0)
    assert [level["level"] for level in outcome.levels] == [LOW]
    assert outcome.uplink_bytes == size(pair, LOW)


def test_an_unsure_answer_is_refined_to_that_of_all_the_bits(pair: Pair) -> None:
    at_once = execute.run(pair.step(blob="other"), candidate(HIGH, None), 100.0)
    pair.profile = refining(pair.profile, NEVER_SURE)
    outcome = execute.run(pair.step(), candidate(), 100.0)
    assert [level["level"] for level in outcome.levels] == [LOW, HIGH]
    assert outcome.answer == at_once.answer
    assert outcome.levels[1]["confidence"] == outcome.answer.confidence


def test_the_bytes_of_both_levels_are_counted_and_are_evidence_about_the_link(pair: Pair) -> None:
    pair.profile = refining(pair.profile, NEVER_SURE)
    outcome = execute.run(pair.step(), candidate(), 100.0)
    sent = [level["bytes"] for level in outcome.levels]
    assert sent[0] == size(pair, LOW) and sent[1] < size(pair, HIGH)
    assert outcome.uplink_bytes == sum(sent) and [bytes for bytes, _ in outcome.transfers] == sent


def test_the_head_is_computed_once_for_both_levels(pair: Pair) -> None:
    pair.profile = refining(pair.profile, NEVER_SURE)
    outcome = execute.run(pair.step(), candidate(), 100.0)
    parts = [part.split("/", 2)[-1] for node, part, *_ in outcome.observed if node == "jetson-t" and "classify" in part]
    assert parts == [f"head/{K}", f"encode/{K}"]


def test_the_clocks_add_up_over_both_levels(pair: Pair) -> None:
    pair.profile = refining(pair.profile, NEVER_SURE)
    actual_ms = execute.run(pair.step(), candidate(), 100.0).actual_ms
    assert actual_ms["total"] == pytest.approx(
        sum(actual_ms[part] for part in ("queue", "device", "uplink", "edge", "overhead"))
    )


def test_refining_sends_only_the_missing_bits_even_without_a_cache(pair: Pair) -> None:
    pair.profile = refining(pair.profile, NEVER_SURE)
    outcome = execute.run(pair.step(keep_s=0.0), candidate(), 100.0)
    assert outcome.levels[1]["bytes"] < size(pair, HIGH)


def test_an_edge_that_lost_the_first_level_gets_the_whole_second_one(pair: Pair) -> None:
    pair.profile = refining(pair.profile, NEVER_SURE)

    def restarted(slug: str, verb: str) -> bool:
        if pair.calls.count("jetson-t.run_head") == 2 and pair.calls.count("edge-t.run_tail") == 1:
            pair.restart_edge()
        return False

    pair.gone = restarted
    outcome = execute.run(pair.step(), candidate(), 100.0)
    assert [level["level"] for level in outcome.levels] == [LOW, HIGH]
    assert outcome.levels[1]["bytes"] == size(pair, HIGH)
    assert outcome.uplink_bytes > size(pair, LOW) + size(pair, HIGH), "bytes sent in vain count too"


def test_the_bytes_sent_to_an_edge_lost_between_the_levels_are_known(pair: Pair) -> None:
    pair.profile = refining(pair.profile, NEVER_SURE)
    pair.gone = lambda slug, verb: verb == "run_tail" and pair.calls.count("edge-t.run_tail") == 2
    step = pair.step()
    with pytest.raises(dispatch.NodeGone) as lost:
        execute.run(step, candidate(), 100.0)
    assert lost.value.slug == "edge-t"
    assert len(step.transfers) == 2 and step.transfers[0][0] == size(pair, LOW)


def test_no_blob_is_left_behind(pair: Pair, store: Any) -> None:
    pair.profile = refining(pair.profile, NEVER_SURE)
    execute.run(pair.step(), candidate(), 100.0)
    assert not store.keys("*:blob:turn-*")


def test_a_turn_taken_over_while_refining_is_counted_from_the_start(pair: Pair) -> None:
    """The worker dies between the two levels; another one starts over, and the edge still has the first level."""
    pair.profile = refining(pair.profile, NEVER_SURE)
    pair.gone = lambda slug, verb: verb == "run_head" and pair.calls.count("jetson-t.run_head") == 2
    with pytest.raises(dispatch.NodeGone):
        execute.run(pair.step(), candidate(), 100.0)
    retried = execute.run(pair.step(), candidate(), 100.0)
    assert [level["level"] for level in retried.levels] == [LOW, HIGH]
    assert retried.uplink_bytes == sum(level["bytes"] for level in retried.levels)
