"""A link that becomes slow, or carries nothing at all, in the middle of a question."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = pytest.mark.slow
SLOW = 10_000  # bytes a second
LIMIT_S = 60


def simulate(stack: Stack, rate: int) -> None:
    """Returns when it has reached the agent, which gets it with the reply to a heartbeat."""
    stack.shell(f"from devices.registry import enrolment; enrolment.simulate('jetson-a', {rate}, 2.0)")
    for _ in range(2):  # the first may have been on its way
        before = _last_seen(stack)
        wait_for(lambda last=before: _last_seen(stack) != last, 30, "jetson-a sent no heartbeat")


def _last_seen(stack: Stack) -> str:
    [(moment,)] = stack.rows("SELECT last_seen FROM devices_node WHERE slug = 'jetson-a'")
    return str(moment)


@pytest.fixture
def slowing(healthy: Stack) -> Iterator[Stack]:
    yield healthy
    simulate(healthy, 250_000)


def ask(stack: Stack, photo: bytes, question: str = "Describe this photo.", **fields: str) -> dict[str, Any]:
    pk = stack.put(question, photo=stack.upload(photo), node="jetson-a", **fields)["id"]
    return stack.finished(pk, LIMIT_S)


@pytest.mark.long
def test_on_a_slow_link_the_next_question_sends_little(slowing: Stack) -> None:
    """Once a photo has crossed the slow link, which is how its speed becomes known."""
    simulate(slowing, SLOW)
    ask(slowing, draw_photo(21, (640, 480)), "What is this?", route="edge")
    for seed in (22, 23):
        turn = ask(slowing, draw_photo(seed, (640, 480)), "What is this?")
        assert turn["state"] == "answered", turn["error"]
        assert turn["steps"][0]["receipt"]["bytes"]["uplink"] < SLOW


@pytest.mark.long
def test_a_transfer_that_stalls_fails_a_forced_edge_with_the_reason(slowing: Stack, large_photo: bytes) -> None:
    ask(slowing, draw_photo(24), route="edge")
    pk = slowing.put("Describe this photo.", photo=slowing.upload(large_photo), node="jetson-a", route="edge")["id"]
    simulate(slowing, SLOW)
    turn = slowing.finished(pk, LIMIT_S)
    assert turn["state"] == "answered" or "link of jetson-a" in turn["error"]["message"], turn["error"]


@pytest.mark.long
def test_nothing_is_answered_twice_after_a_slow_link(slowing: Stack) -> None:
    simulate(slowing, SLOW)
    turn = ask(slowing, draw_photo(25))
    time.sleep(3)
    assert slowing.turn(turn["id"])["seq"] == turn["seq"] and len(turn["steps"]) == 1


@pytest.mark.long
def test_a_silent_device_that_was_chosen_fails_with_its_name(healthy: Stack) -> None:
    """Frozen: its connections stay open, as over a cut link, and nothing arrives."""
    photo = healthy.upload(draw_photo(91))
    device = healthy.node("jetson-a")
    os.kill(device, signal.SIGSTOP)
    try:
        turn = healthy.finished(healthy.put("Describe this photo.", photo=photo, node="jetson-a")["id"], LIMIT_S)
    finally:
        os.kill(device, signal.SIGCONT)
    assert turn["state"] == "failed" and "jetson-a" in turn["error"]["message"]


def test_a_silent_device_moves_the_question_to_the_other(healthy: Stack) -> None:
    photo = healthy.upload(draw_photo(92), node="jetson-a")
    wait_for(lambda: "jetson-a" in healthy.placed(photo), 30, "the photo was not placed")
    device = healthy.node("jetson-a")
    os.kill(device, signal.SIGSTOP)
    try:
        turn = healthy.finished(healthy.put("Describe this photo.", photo=photo)["id"], LIMIT_S)
    finally:
        os.kill(device, signal.SIGCONT)
    assert turn["state"] == "answered", turn["error"]
    assert turn["steps"][0]["receipt"]["device"] == "jetson-b"
