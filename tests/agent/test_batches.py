"""Jobs of one kind that wait together are computed together: who is in a batch, what a fault in it costs, and its clocks."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from devices.agent.sharing import batches
from devices.agent.sharing.batch_sizes import TRIES, BatchSizes
from devices.agent.sharing.batches import BatchedJob, Kind
from tests.agent.waiting_jobs import SHORT_S, Allowed, Edge, Fault, results


def test_a_job_that_comes_alone_is_computed_alone_and_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    edge, waits = Edge(), list[float]()
    monkeypatch.setattr(edge.lock, "wait_for_another", waits.append)
    for _ in range(5):
        done = edge.submit("a", 3).result(SHORT_S)
        assert (done.result, done.size) == (9, 1)
    assert edge.computed == [[3]] * 5 and not waits


def test_what_waits_together_is_computed_together() -> None:
    edge = Edge()
    with edge.busy():
        futures = [edge.submit(person, item) for item, person in enumerate("abcd")]
    assert results(futures) == [0, 1, 4, 9] and edge.computed == [[0, 1, 2, 3]]
    assert {future.result().size for future in futures} == {4}


def test_sizes_are_powers_of_two_and_no_larger_than_allowed() -> None:
    edge = Edge(most=4)
    with edge.busy():
        futures = [edge.submit(person, item) for item, person in enumerate("abcdefg")]
    assert results(futures) == [item * item for item in range(7)]
    assert [len(batch) for batch in edge.computed] == [4, 2, 1]


def test_one_at_a_time_is_the_order_of_the_lock() -> None:
    edge = Edge(most=1)
    with edge.busy():
        futures = [edge.submit("a", 1), edge.submit("a", 2), edge.submit("b", 3)]
    assert results(futures) == [1, 4, 9] and edge.computed == [[1], [3], [2]]


def test_other_kinds_and_other_work_have_turns_of_their_own() -> None:
    edge, order = Edge(), list[str]()
    other = edge.new_kind()

    def alone() -> None:
        with edge.lock.of("c"):
            order.append("alone")

    with edge.busy():
        first, second = edge.submit("a", 1), edge.submit("b", 2, other)
        thread = threading.Thread(target=alone)
        thread.start()
        time.sleep(0.05)
        third = edge.submit("d", 3)
    assert results([first, second, third]) == [1, 4, 9]
    thread.join(SHORT_S)
    assert edge.computed == [[1, 3], [2]] and order == ["alone"]


def test_a_batch_takes_people_in_turn() -> None:
    """A flood of one person fills no batch while others wait for the same."""
    edge = Edge(most=4)
    with edge.busy():
        futures = [*(edge.submit("flood", item) for item in range(6)), edge.submit("b", 10), edge.submit("c", 11)]
    results(futures)
    assert edge.computed == [[0, 10, 11, 1], [2, 3, 4, 5]]


def test_while_somebody_waits_for_something_else_each_person_has_one_job_in_a_batch() -> None:
    edge = Edge()
    other = edge.new_kind()
    with edge.busy():
        futures = [*(edge.submit("flood", item) for item in range(4)), edge.submit("b", 10), edge.submit("c", 11, other)]
    results(futures)
    assert edge.computed == [[0, 10], [11], [1, 2], [3]]


def test_a_fault_in_one_job_fails_that_job_alone() -> None:
    edge = Edge()
    with edge.busy():
        good, bad, also_good, fourth = (edge.submit(person, item) for person, item in zip("abcd", (1, -2, 3, 4), strict=True))
    with pytest.raises(Fault, match="-2"):
        bad.result(SHORT_S)
    assert results([good, also_good, fourth]) == [1, 9, 16]
    assert edge.computed == [[1, -2, 3, 4], [1], [-2], [3], [4]]
    assert good.result().size == 1, "it was computed alone in the end, and its time says so"


def test_after_memory_ran_out_in_a_batch_the_next_one_is_smaller() -> None:
    edge, sizes = Edge(), list[int]()

    def compute(items: Sequence[int]) -> list[int]:
        sizes.append(len(items))
        if len(items) > 2:
            raise MemoryError
        time.sleep(0.01 + 0.001 * len(items))
        return list(items)

    kind: Kind[int, int] = Kind(compute, BatchSizes())
    for size in (1, 2):
        for _ in range(TRIES):
            kind.sizes.observe(size, 0.01 + 0.001 * size)
    for expected in (*[[4, 1, 1, 1, 1]] * TRIES, [2, 2], [2, 2]):
        sizes.clear()
        with edge.busy():
            futures = [edge.submit(person, item, kind) for item, person in enumerate("abcd")]
        assert results(futures) == [0, 1, 2, 3], "everybody has an answer"
        assert sizes == expected


def test_a_job_that_nobody_wants_any_more_is_left_out() -> None:
    edge, waits = Edge(), list[float]()

    def fine(waited_s: float) -> None:
        pass

    def gone(waited_s: float) -> None:
        waits.append(waited_s)
        raise Fault("nobody waits")

    with edge.busy():
        wanted, unwanted, third, _ = (
            edge.submit(person, item, check=check)
            for person, item, check in (("a", 1, fine), ("b", 2, gone), ("c", 3, fine), ("d", 4, gone))
        )
    with pytest.raises(Fault, match="nobody waits"):
        unwanted.result(SHORT_S)
    assert results([wanted, third]) == [1, 9]
    assert edge.computed == [[1, 3]] and waits[0] > 0


def test_all_jobs_of_a_batch_have_its_time_and_each_its_own_wait() -> None:
    edge, started = Edge(), time.perf_counter()

    def slow(items: Sequence[int]) -> Sequence[int]:
        time.sleep(0.05)
        return items

    kind: Kind[int, int] = Kind(slow, Allowed())
    with edge.busy():
        futures = [edge.submit("a", 1, kind), edge.submit("b", 2, kind)]
        time.sleep(0.02)
    first, second = (future.result(SHORT_S) for future in futures)
    assert first.computed_s == second.computed_s >= 0.05
    assert first.waited_s > second.waited_s >= 0.02
    assert first.waited_s + first.computed_s < time.perf_counter() - started


def test_the_lock_is_free_after_everything_and_whatever_was_raised() -> None:
    edge = Edge()
    with pytest.raises(Fault):
        edge.submit("a", -1).result(SHORT_S)
    with edge.busy():
        futures = [edge.submit("a", -1), edge.submit("b", -2)]
    for future in futures:
        with pytest.raises(Fault):
            future.result(SHORT_S)
    assert edge.submit("a", 2).result(SHORT_S).result == 4
    assert not edge.lock._waiting and not edge.lock._is_taken


def test_jobs_of_an_interrupted_batch_do_not_wait_for_ever() -> None:
    edge = Edge()

    def ended(items: Sequence[int]) -> list[int]:
        raise SystemExit

    kind: Kind[int, int] = Kind(ended, Allowed())
    with edge.busy():
        futures = [edge.submit("a", 1, kind), edge.submit("b", 2, kind)]
    with pytest.raises(SystemExit):
        futures[0].result(SHORT_S)
    with pytest.raises(RuntimeError, match="interrupted"):
        futures[1].result(SHORT_S)


def test_where_jobs_come_fast_a_batch_waits_a_moment_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = Edge()
    monkeypatch.setattr(batches, "LONGEST_WAIT_S", SHORT_S)
    monkeypatch.setattr(edge.kind.sizes, "is_worth_waiting", lambda gathered: gathered < 2)
    first = edge.threads.submit(batches.compute, edge.lock, BatchedJob("a", edge.kind, 1, lambda waited: None))
    while not edge.lock._is_taken:
        time.sleep(0.001)
    second = edge.submit("b", 2)
    assert results([first, second]) == [1, 4] and edge.computed == [[1, 2]]


def test_it_waits_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = Edge()
    monkeypatch.setattr(edge.kind.sizes, "is_worth_waiting", lambda gathered: True)
    assert edge.submit("a", 1).result(SHORT_S).waited_s >= batches.LONGEST_WAIT_S
    assert edge.computed == [[1]]


def test_many_callers_all_get_their_ownresults() -> None:
    edge = Edge()
    with ThreadPoolExecutor(16) as callers:

        def ask(item: int) -> int:
            return batches.compute(edge.lock, BatchedJob(str(item % 5), edge.kind, item, lambda waited: None)).result

        assert list(callers.map(ask, range(500))) == [item * item for item in range(500)]
    assert sorted(item for batch in edge.computed for item in batch) == list(range(500))
