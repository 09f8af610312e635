"""A node that does not get on costs a grace period once, not a deadline in every round."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from federation.app.messaging import Patience
from federation.grid import CeleryGrid
from federation.pacing import warming
from federation.pacing.tardiness import Tardiness
from tests.federation.conftest import Trainer

Trainers = dict[str, Trainer]


@pytest.fixture
def frozen(trainers: Trainers) -> Iterator[str]:
    """The real worker of jetson-b, stopped as by SIGSTOP: it neither works nor fails."""
    process = trainers["jetson-b"].process
    os.kill(process.pid, signal.SIGSTOP)
    yield "jetson-b"
    os.kill(process.pid, signal.SIGCONT)


@pytest.fixture
def grid_over(trainers: Trainers) -> Any:
    def make(*slugs: str, clients: int = 2, **more: Any) -> CeleryGrid:
        return CeleryGrid(time.time_ns() % 10**9, clients, 60, available=lambda: list(slugs), **more)

    return make


def rounds(grid: CeleryGrid, message_of: Any, patience: Any, count: int) -> list[tuple[float, int]]:
    """Seconds and usable replies of each round."""
    result = []
    for number in range(1, count + 1):
        began = time.monotonic()
        replies = grid.exchange([message_of(grid, client, number) for client in grid.get_node_ids()], patience())
        result.append((time.monotonic() - began, sum(not reply.has_error() for reply in replies)))
    return result


@pytest.mark.long
def test_a_frozen_node_costs_one_grace_period_and_its_clients_move(frozen: str, grid_over: Any, message_of: Any) -> None:
    grid = grid_over("jetson-a", "jetson-b", clients=4)
    seconds, replies = zip(*rounds(grid, message_of, lambda: Patience(60, 3, 2.0), 3), strict=True)
    assert replies == (4, 4, 4)
    assert seconds[1] < 2 < seconds[0] < 15, "late in the first round, left alone in the second"
    assert seconds[2] < 15, "tried again in the third"
    assert grid.served[3][0].reason.endswith("jetson-a took over.") or grid.served[2][0].reason.endswith("jetson-a took over.")


def test_a_round_on_devices_own_photos_ends_a_grace_period_after_its_quorum(
    frozen: str, grid_over: Any, message_of: Any
) -> None:
    placed = {1: "jetson-a", 2: "jetson-a", 3: "jetson-b"}
    grid = grid_over("jetson-a", "jetson-b", clients=3, movable=False, placed=placed, quorum=2)
    results = rounds(grid, message_of, lambda: Patience(60, 2, 2.0), 4)
    assert [replies for _, replies in results] == [2, 2, 2, 2]
    first, second, third, fourth = (seconds for seconds, _ in results)
    assert 2 < first < 15 and second < 2, "late in the first round, not asked in the second"
    assert 2 < third < 15 and fourth < 2, "asked again in the third"
    assert grid.served[3][1].reason == "jetson-b was late; it is asked again in round 3."


def test_a_node_that_is_needed_for_the_quorum_is_asked_in_every_round(frozen: str, grid_over: Any, message_of: Any) -> None:
    grid = grid_over(
        "jetson-a", "jetson-b", movable=False, placed={1: "jetson-a", 2: "jetson-b"}, quorum=2
    )  # fmt: skip
    assert [replies for _, replies in rounds(grid, message_of, lambda: Patience(1.5, 2), 2)] == [1, 1]
    assert "jetson-b" in grid.served[2][1].reason and "asked again" not in grid.served[2][1].reason


@pytest.mark.long
def test_clients_go_back_when_their_node_is_in_time_again(trainers: Trainers, grid_over: Any, message_of: Any) -> None:
    grid = grid_over("jetson-a", "jetson-b", clients=2)
    os.kill(trainers["jetson-b"].process.pid, signal.SIGSTOP)
    try:
        rounds(grid, message_of, lambda: Patience(60, 2, 1.0), 1)
        assert set(grid.placed.values()) == {"jetson-a"}
    finally:
        os.kill(trainers["jetson-b"].process.pid, signal.SIGCONT)
    grid.exchange([message_of(grid, client, 4) for client in (1, 2)], Patience(60, 2, 5.0))
    assert set(grid.placed.values()) == {"jetson-a", "jetson-b"}


def test_patience_ends_a_grace_period_after_enough_have_replied() -> None:
    patience = Patience(60, 2, 0.2)
    patience.arrived()
    assert patience.seconds > 50
    patience.arrived()
    assert 0 < patience.seconds <= 0.2
    time.sleep(0.25)
    assert patience.seconds == 0


def test_the_grace_period_is_as_long_as_the_quorum_took_and_never_beyond_the_deadline() -> None:
    automatic, short = Patience(60, 1), Patience(3, 1)
    for patience in (automatic, short):
        patience.arrived()
    assert 9 < automatic.seconds <= 10.5 and short.seconds <= 3
    assert Patience(60).seconds > 59


def test_a_node_rests_longer_each_time_it_is_late() -> None:
    tardiness = Tardiness()
    tardiness.late("a", 1)
    tardiness.late("a", 1)
    assert [tardiness.resting("a", number) for number in (1, 2, 3)] == [True, True, False]
    tardiness.late("a", 3)
    assert tardiness.asked_again("a") == 6
    tardiness.in_time("a")
    tardiness.late("a", 7)
    assert tardiness.asked_again("a") == 9


def test_a_stopped_run_does_not_wait_for_a_frozen_node(frozen: str, grid_over: Any, message_of: Any) -> None:
    from devices import dispatch

    stopped = threading.Event()
    threading.Timer(0.5, stopped.set).start()
    grid = grid_over("jetson-b", clients=1, cancelled=stopped.is_set)
    with pytest.raises(dispatch.Cancelled):
        grid.exchange([message_of(grid, 1)], Patience(30, 1))


def test_a_process_that_still_starts_is_waited_for_before_the_round(
    trainers: Trainers, grid_over: Any, message_of: Any
) -> None:
    """Loading torch is not the fault of the first client: its deadline begins when the process is ready."""
    lane, started = trainers["jetson-a"], []
    lane.kill()
    lane.start()
    grid = grid_over("jetson-a", clients=1, on_prepare=started.extend)
    grid.prepare(message_of(grid, 1).content, 1)
    assert started == ["jetson-a"]
    assert len(grid.exchange([message_of(grid, 1)], Patience(2.0))) == 1
    grid.prepare(message_of(grid, 1).content, 2)
    assert started == ["jetson-a"], "it is warm"
    lane.listening()


def test_a_node_that_never_gets_ready_is_left_out(
    frozen: str, grid_over: Any, message_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "GRACE_S", 1.0)
    grid = grid_over("jetson-a", "jetson-b", clients=2)
    began = time.monotonic()
    grid.prepare(message_of(grid, 1).content, 1)
    assert time.monotonic() - began < 8
    assert len(rounds(grid, message_of, lambda: Patience(20, 2, 1.0), 1)) == 1
    assert set(grid.placed.values()) == {"jetson-a"}
