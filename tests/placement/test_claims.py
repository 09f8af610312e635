"""What a node says about its times, against the server's own clock."""

import pytest

from devices.contract.results import Timed, Transferred
from inference.placement.claims import UNEXPLAINED_MS, check


def test_plausible_times_are_believed() -> None:
    claim = Timed(queue_ms=5, compute_ms=100)
    assert check(claim, 120) == (claim, 100)


def test_time_that_a_node_does_not_account_for_is_computing() -> None:
    claim = Timed(queue_ms=0, compute_ms=1)
    assert check(claim, 1501) == (claim, 1501)


def test_a_busy_server_is_not_the_nodes_fault() -> None:
    assert check(Timed(queue_ms=0, compute_ms=100), 100 + UNEXPLAINED_MS)[1] == 100


def test_no_part_can_take_longer_than_the_whole() -> None:
    claim, expected_ms = check(Transferred(queue_ms=100, compute_ms=800, uplink_ms=100, bytes=5), 500)
    assert (claim.queue_ms, claim.compute_ms, claim.uplink_ms) == pytest.approx((50, 400, 50))
    assert expected_ms == pytest.approx(400)
