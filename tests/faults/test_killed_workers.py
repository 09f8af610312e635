"""Any one worker may be killed while a question runs: it ends once, answered or failed with a reason, within a minute."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.conftest import RECOVERY_S

pytestmark = pytest.mark.slow
LIMIT_S = 60  # a busy machine loads models again meanwhile


def _until(stack: Stack, pk: str, *phases: str) -> None:
    def reached() -> bool:
        turn = stack.turn(pk)  # an error body instead, while throttled
        return (turn.get("phase") or {}).get("name") in phases or turn.get("state") in ("answered", "failed")

    wait_for(reached, 60, f"never reached {phases}", every=0.05)


def _ends(stack: Stack, pk: str) -> dict[str, Any]:
    started = time.monotonic()
    turn = stack.finished(pk, LIMIT_S)
    assert time.monotonic() - started < LIMIT_S
    if turn["state"] == "failed":
        error = turn["error"]
        assert error["message"].endswith(".") and error["next"], error
    return turn


def _slow(stack: Stack, photo: bytes, **fields: str) -> str:
    """On jetson-a's link, sending the photo takes seconds."""
    return str(stack.put("Describe this photo.", photo=stack.upload(photo), node="jetson-a", **fields)["id"])


@pytest.fixture
def slow_device(healthy: Stack) -> Iterator[Stack]:
    """The stack, where whole models have taken jetson-a fifty times as long as it measured: any other route wins."""
    slow = (
        "from devices.models import Node; from inference.models import NodeProfile\n"
        "measured = Node.objects.get(slug='jetson-a').profile\n"
        "for task, times in measured['tasks'].items():\n"
        "    now = {'ms': 50 * times['whole_ms'], 'samples': 9}\n"
        "    part = f'{measured[\"name\"]}/{task}/whole'\n"
        "    NodeProfile.objects.update_or_create(node='jetson-a', part=part, defaults=now)"
    )
    healthy.shell(slow)
    yield healthy
    healthy.shell("from inference.models import NodeProfile; NodeProfile.objects.filter(node='jetson-a').delete()")


@pytest.mark.long
def test_a_frozen_edge_is_abandoned_and_the_receipt_says_so(slow_device: Stack, large_photo: bytes) -> None:
    """Frozen, not killed: its connections stay open and nothing arrives, as over a half-open link."""
    receipt = _without_its_edge(slow_device, large_photo)
    if {candidate["route"] for candidate in receipt["candidates"]} == {"device"} and not receipt["fell_back_from"]:
        # So busy a machine that missing heartbeats were noticed before the question was placed.
        wait_for(slow_device.recovered, RECOVERY_S, "the stack did not recover", every=0.5)
        receipt = _without_its_edge(slow_device, large_photo)
    assert [failure["node"] for failure in receipt["fell_back_from"]] == ["edge-1"], receipt


def _without_its_edge(stack: Stack, photo: bytes) -> dict[str, Any]:
    """The receipt of a question that was answered while the edge was frozen."""
    stored = stack.upload(photo, node="jetson-a")
    wait_for(lambda: "jetson-a" in stack.placed(stored), LIMIT_S, "the photo was not placed")
    edge = stack.node("edge-1")
    os.kill(edge, signal.SIGSTOP)
    try:
        turn = _ends(stack, str(stack.put("Describe this photo.", photo=stored, node="jetson-a")["id"]))
    finally:
        os.kill(edge, signal.SIGCONT)
    assert turn["state"] == "answered", turn["error"]
    (step,) = turn["steps"]
    assert step["receipt"]["route"] == "device"
    return dict(step["receipt"])


def test_the_device_answers_when_the_edge_is_killed(healthy: Stack, large_photo: bytes) -> None:
    pk = _slow(healthy, large_photo)
    _until(healthy, pk, "device", "uplink", "edge")
    healthy.kill(healthy.node("edge-1"))
    turn = _ends(healthy, pk)
    assert turn["state"] == "answered"


@pytest.mark.long
def test_a_killed_edge_fails_a_forced_split_with_its_name(healthy: Stack, large_photo: bytes) -> None:
    edge = healthy.node("edge-1")
    pk = _slow(healthy, large_photo, route="split")
    _until(healthy, pk, "placing", "probing", "device")
    healthy.kill(edge)
    turn = _ends(healthy, pk)
    assert turn["state"] == "answered" or "edge" in turn["error"]["message"]


@pytest.mark.long
def test_a_killed_device_moves_the_question_to_the_other(healthy: Stack, large_photo: bytes) -> None:
    photo = healthy.upload(large_photo)
    pk = str(healthy.put("Describe this photo.", photo=photo)["id"])
    _until(healthy, pk, "placing", "probing", "device", "uplink")
    healthy.kill(healthy.node("jetson-a"))
    assert _ends(healthy, pk)["state"] == "answered"


@pytest.mark.long
def test_a_killed_device_that_was_chosen_fails_with_its_name(healthy: Stack, large_photo: bytes) -> None:
    pk = _slow(healthy, large_photo, route="device")
    _until(healthy, pk, "placing", "device")
    healthy.kill(healthy.node("jetson-a"))
    turn = _ends(healthy, pk)
    assert turn["state"] == "answered" or "jetson-a" in turn["error"]["message"]


def test_another_cloud_worker_takes_over_from_a_killed_one(healthy: Stack, large_photo: bytes) -> None:
    pk = _slow(healthy, large_photo)
    _until(healthy, pk, "placing", "probing", "device", "uplink", "edge")
    healthy.kill(healthy.worker("celery", "webapp.celery"))
    turn = _ends(healthy, pk)
    assert turn["state"] == "answered" and len(turn["steps"]) == 1


def test_a_killed_redis_comes_back_and_the_question_is_answered_or_failed(healthy: Stack, large_photo: bytes) -> None:
    pk = _slow(healthy, large_photo)
    _until(healthy, pk, "placing", "probing", "device", "uplink", "edge")
    healthy.kill(healthy.worker("redis-server"))
    _ends(healthy, pk)
    wait_for(healthy.recovered, RECOVERY_S, "the stack did not recover from a Redis restart", every=0.5)
    second = str(healthy.put("Describe this photo.", photo=healthy.upload(large_photo))["id"])
    assert _ends(healthy, second)["state"] == "answered", "a restarted Redis has lost the nodes' users"


def test_a_running_turn_can_be_stopped(healthy: Stack, large_photo: bytes) -> None:
    pk = _slow(healthy, large_photo)
    _until(healthy, pk, "placing", "probing", "device", "uplink")
    healthy.owner.post(f"/api/v1/turns/{pk}/stop")
    turn = healthy.turn(pk)
    if turn["state"] == "stopped":
        time.sleep(3)
        assert healthy.turn(pk)["state"] == "stopped", "an answer came after the stop"


def test_the_log_contains_no_secret(healthy: Stack) -> None:
    log = healthy.output()
    for file in Path(healthy.var / "secrets").iterdir():
        if file.name != "setup_token":  # that one is printed on purpose
            assert file.read_text() not in log
