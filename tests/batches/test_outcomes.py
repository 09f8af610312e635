"""What an item keeps of the receipts of its steps."""

from inference.batches.outcomes import summed
from tests.batches.conftest import receipt


def test_an_answer_is_as_certain_as_its_least_certain_step() -> None:
    sums = summed([receipt(), receipt(confidence=0.4, certainty="guess"), receipt(confidence=0.7, certainty="probable")])
    assert (sums["confidence"], sums["certainty"]) == (0.4, "guess")


def test_routes_are_named_once_and_bytes_sent_in_vain_count() -> None:
    lost = [{"node": "edge-1", "why": "It is offline.", "bytes": 50, "ms": 3.0}, {"node": "edge-2", "why": "It is offline."}]
    sums = summed([receipt(), receipt(route="device", bytes={"uplink": 0}, fell_back_from=lost), receipt()])
    assert (sums["route"], sums["link_bytes"]) == ("split,device", 850)


def test_a_step_that_failed_before_it_ran_adds_nothing() -> None:
    unfinished = receipt(actual_ms=None, confidence=None, answer=None)
    assert summed([unfinished])["certainty"] == "" and summed([unfinished])["device_ms"] == 0
    assert summed([])["route"] == "" and summed([])["confidence"] is None
