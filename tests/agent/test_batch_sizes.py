"""How many jobs are computed together follows from what batches took so far; a lone caller never waits for others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.agent.sharing.batch_sizes import FORGET_S, SIZES, TRIES, BatchSizes


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _learnt(each: dict[int, float], most: int = 8, clock: Clock | None = None) -> BatchSizes:
    """After batches in which each job took so many seconds."""
    sizes = BatchSizes(most, clock or Clock())
    for size, seconds in each.items():
        for _ in range(TRIES):
            sizes.observe(size, size * seconds)
    return sizes


def test_sizes_that_are_not_known_are_tried_one_after_the_other() -> None:
    sizes = _learnt({1: 0.016})
    for size in SIZES[1:]:
        for _ in range(TRIES):  # once is too little to judge by
            assert sizes.of(8) == size
            sizes.observe(size, 0.016)  # as long as one job: larger ones may pay even more
    assert sizes.of(8) == 8


def test_a_batch_is_no_larger_than_what_waits_and_has_one_of_the_sizes() -> None:
    sizes = _learnt({1: 0.016, 2: 0.010, 4: 0.008, 8: 0.006})
    assert [sizes.of(waiting) for waiting in range(1, 10)] == [1, 2, 2, 4, 4, 4, 4, 8, 8]


@pytest.mark.parametrize(("each", "best"), [
    ({1: 0.016, 2: 0.016}, 1),
    ({1: 0.016, 2: 0.010, 4: 0.010, 8: 0.013}, 2),
    ({1: 0.016, 2: 0.010, 4: 0.008, 8: 0.009}, 4),
    ({1: 0.016, 2: 0.012, 4: 0.009, 8: 0.005}, 8),
])  # fmt: skip
def test_a_size_that_does_not_pay_is_not_used(each: dict[int, float], best: int) -> None:
    assert _learnt(each).of(8) == best


def test_the_setting_bounds_it() -> None:
    assert _learnt({1: 0.016, 2: 0.001, 4: 0.001}, most=3).of(8) == 2
    assert BatchSizes(1, Clock()).of(8) == 1


def test_what_did_not_pay_is_tried_again_after_a_while() -> None:
    clock = Clock()
    sizes = _learnt({1: 0.016, 2: 0.020}, clock=clock)
    assert sizes.of(8) == 1
    clock.now += FORGET_S + 1
    for _ in range(TRIES):
        assert sizes.of(8) == 2
        sizes.observe(2, 2 * 0.008)
    assert sizes.of(8) == 4, "what was long ago counts for nothing"


def test_what_pays_is_not_tried_out_again() -> None:
    clock = Clock()
    sizes = _learnt({1: 0.016, 2: 0.010, 4: 0.008, 8: 0.006}, clock=clock)
    clock.now += 100 * FORGET_S
    assert sizes.of(8) == 8


def test_it_follows_a_change_of_load() -> None:
    """A machine that becomes slower makes no batch seem worse than single jobs were on the fast one for long."""
    sizes = _learnt({1: 0.016, 2: 0.010, 4: 0.008, 8: 0.006})
    for _ in range(20):
        sizes.observe(8, 8 * 0.018)
    assert sizes.of(8) < 8
    for _ in range(20):
        for size, each in ((1, 0.048), (2, 0.030), (4, 0.024)):
            sizes.observe(size, size * each)
    assert sizes.of(8) == 8


@settings(deadline=None)
@given(
    lone_s=st.floats(0.001, 1.0), share=st.floats(0.01, 0.95), pause_s=st.floats(0.0, 0.1), asked=st.integers(1, 300)
)  # fmt: skip
def test_a_lone_caller_never_waits(lone_s: float, share: float, pause_s: float, asked: int) -> None:
    """However fast the answers, however soon the next question, and however much a batch would save."""
    clock = Clock()
    sizes = _learnt({1: lone_s, 2: lone_s * share, 4: lone_s * share, 8: lone_s * share}, clock=clock)
    for _ in range(asked):
        sizes.arrived()
        assert not sizes.is_worth_waiting(1)
        clock.now += lone_s + pause_s


def test_jobs_that_come_much_faster_than_they_are_done_are_waited_for() -> None:
    clock = Clock()
    sizes = _learnt({1: 0.010, 2: 0.006, 4: 0.004, 8: 0.002}, clock=clock)
    for _ in range(200):
        sizes.arrived()
        clock.now += 0.002
    assert sizes.is_worth_waiting(1) and sizes.is_worth_waiting(3)
    assert not sizes.is_worth_waiting(4), "what is gathered would wait longer than the next one saves"
    clock.now += 1.0
    sizes.arrived()
    assert not sizes.is_worth_waiting(1), "that was a while ago"


def test_nothing_is_waited_for_before_it_is_known_to_pay() -> None:
    clock = Clock()
    for sizes in (BatchSizes(8, clock), _learnt({2: 0.001, 4: 0.001, 8: 0.001}, clock=clock), BatchSizes(1, clock)):
        for _ in range(200):
            sizes.arrived()
        assert not sizes.is_worth_waiting(1)
