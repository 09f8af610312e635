"""Flower's messages over the queues of nodes."""

import threading
import time
from typing import Any

import pytest
from flwr.app import Message

from devices import dispatch
from devices.models import Node
from federation.grid import CeleryGrid
from federation.node import packing
from tests.federation.conftest import SIZE, Trainer

Trainers = dict[str, Trainer]


@pytest.fixture
def numbers() -> Any:
    """Each test is a run of its own, as the nodes remember runs."""
    return iter(range(time.time_ns() % 10**9, 2**62))


@pytest.fixture
def grid_over(trainers: Trainers, numbers: Any) -> Any:
    def make(*slugs: str, clients: int = 2, **more: Any) -> CeleryGrid:
        return CeleryGrid(next(numbers), clients, 60, available=lambda: list(slugs), **more)

    return make


def first_weight(reply: Message) -> float:
    (weights,) = reply.content["arrays"].to_numpy_ndarrays()  # type: ignore[union-attr]
    assert weights.shape == (SIZE,)
    return float(weights[0])


def count_of(reply: Message) -> int:
    return reply.content["metrics"]["asked"]  # type: ignore[call-overload,return-value]


def test_each_client_answers_for_its_own_partition(grid_over: Any, message_of: Any) -> None:
    grid = grid_over("jetson-a", "jetson-b", clients=3)
    replies = grid.send_and_receive([message_of(grid, client) for client in grid.get_node_ids()])
    assert [first_weight(reply) for reply in replies] == [0.5, 1.5, 2.5]
    assert [reply.metadata.src_node_id for reply in replies] == [1, 2, 3]
    assert {grid.placed[client] for client in (1, 2, 3)} == {"jetson-a", "jetson-b"}
    served = grid.served[1][0]
    assert served.measured["up_bytes"] > 4 * SIZE
    assert served.measured["compute_s"] >= 0


def test_a_round_trip_costs_less_than_half_a_second(grid_over: Any, message_of: Any) -> None:
    grid = grid_over("jetson-a", clients=1)

    def round_trip() -> float:
        began = time.monotonic()
        grid.send_and_receive([message_of(grid, 1)])
        return time.monotonic() - began

    assert min(round_trip() for _ in range(6)) < 0.5, "however busy the machine is: of several, one is not held up"


def test_a_killed_lane_is_noticed_another_node_takes_over_and_it_gets_work_again(
    grid_over: Any, trainers: Trainers, message_of: Any, store: Any
) -> None:
    lane = trainers["jetson-a"]
    progress: list[dict[str, Any]] = []
    grid = grid_over("jetson-a", "jetson-b", clients=1, on_client=progress.append)
    assert count_of(grid.send_and_receive([message_of(grid, 1)])[0]) == 1

    progress.clear()

    def kill() -> None:
        until = time.monotonic() + 10
        while not any(row["state"] == "train" for row in progress) and time.monotonic() < until:
            time.sleep(0.02)
        lane.kill()
        store.delete("jetson-a:lane")  # as the agent does that notices
        lane.start()

    killer = threading.Thread(target=kill)
    killer.start()
    (reply,) = grid.send_and_receive([message_of(grid, 1, sleep_s=2)])
    killer.join()
    assert first_weight(reply) == 0.5
    assert grid.served[1][-1].reason == "Training on jetson-a was killed. jetson-b took over."
    lane.listening()
    grid.available = lambda: ["jetson-a"]
    (reply,) = grid.send_and_receive([message_of(grid, 1)])
    assert count_of(reply) == 2, "what it kept was lost with its process"
    assert grid.served[1][-1].node == "jetson-a"


def test_a_job_that_redis_has_forgotten_is_asked_for_again(grid_over: Any, message_of: Any, store: Any) -> None:
    def forget() -> None:
        for key in store.scan_iter("jetson-b:job:*"):
            store.delete(key)

    grid = grid_over("jetson-b", clients=1)
    threading.Timer(0.4, forget).start()
    (reply,) = grid.send_and_receive([message_of(grid, 1, sleep_s=1.8)], timeout=20)
    assert first_weight(reply) == 0.5
    assert grid.served[1][0].reason == "Redis was restarted and lost the job of jetson-b. jetson-b was asked again."


def test_a_client_that_is_its_node_is_lost_with_it(grid_over: Any, message_of: Any) -> None:
    Node.objects.filter(slug="jetson-a").update(last_seen="2020-01-01T00:00:00Z")
    grid = grid_over("jetson-a", "jetson-b", movable=False)
    messages = [message_of(grid, client) for client in (1, 2)]
    messages[0].content["config"]["sleep_s"] = 1.0
    lost, reply = grid.send_and_receive(messages)
    assert lost.has_error()
    assert lost.error.reason == "jetson-a is offline."
    assert first_weight(reply) == 1.5


def test_a_client_that_is_too_slow_is_late_and_the_others_count(grid_over: Any, message_of: Any) -> None:
    grid = grid_over("jetson-a", "jetson-b")
    (reply,) = grid.send_and_receive([message_of(grid, 1, sleep_s=1.6), message_of(grid, 2)], timeout=1)
    assert first_weight(reply) == 1.5
    assert grid.served[1][0].state == "late"


def test_what_a_node_cannot_do_is_refused_with_its_sentence(grid_over: Any, message_of: Any) -> None:
    grid = grid_over("jetson-b", clients=1)
    (reply,) = grid.send_and_receive([message_of(grid, 1, without_memory=True)])
    assert reply.has_error()
    assert reply.error.reason == "This node has too little memory for the model."


def test_nobody_waits_for_a_run_that_was_stopped(grid_over: Any, message_of: Any) -> None:
    stopped = threading.Event()
    threading.Timer(0.5, stopped.set).start()
    grid = grid_over("jetson-b", clients=1, cancelled=stopped.is_set)
    began = time.monotonic()
    with pytest.raises(dispatch.Cancelled):
        grid.send_and_receive([message_of(grid, 1, sleep_s=1.8)])
    assert time.monotonic() - began < 1.5


def test_pushed_messages_can_be_pulled_when_they_are_answered(grid_over: Any, message_of: Any) -> None:
    grid = grid_over("jetson-b", clients=1)
    (name,) = grid.push_messages([message_of(grid, 1)])
    until = time.monotonic() + 10
    while not (replies := grid.pull_messages([name])) and time.monotonic() < until:
        time.sleep(0.05)
    assert first_weight(replies[0]) == 0.5
    assert replies[0].metadata.reply_to_message_id == name
    assert grid.pull_messages([name]) == []


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"not a message", b"\x0a\x02"])
def test_bytes_that_are_no_message_are_a_sentence(data: bytes) -> None:
    with pytest.raises(packing.BadMessage, match=r"\.$"):
        packing.unpack(data)
