"""Heartbeats that are routine are stored several at once, and answered as the operation would."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.beats import routine
from devices.beats.routine import Sent
from devices.models import ExportedModels, Node, Reading
from devices.registry import enrolment
from devices.telemetry import pace, presence
from tests.devices.conftest import Board
from tests.devices.test_heartbeat import PROFILE

pytestmark = pytest.mark.django_db
ROUTINE: dict[str, Any] = {
    "queue": 1, "redis": "ok", "lanes": {"stages": True}, "obstacles": {}, "access": "", "choice": 0, "changing": "",
    "watches": "", "sample": {"cpu_percent": 12.5, "temperature_c": None},
}  # fmt: skip
FLEET = 40


def sent(board: Board, **report: Any) -> Sent:
    return Sent(board.token, json.dumps({**ROUTINE, **report}).encode())


@pytest.fixture
def device(board: Callable[..., Board]) -> Board:
    made = board()
    made.beat(boot="first", hardware={"model": "Orin"}, profile=PROFILE, **ROUTINE)
    return made


@pytest.fixture
def fleet(db: None) -> list[Sent]:
    """Heartbeats of nodes that were heard a minute ago, so that each of them closes a minute of its history."""
    tokens = [f"token-{number}" for number in range(FLEET)]
    before = timezone.now() - timezone.timedelta(seconds=61)  # type: ignore[attr-defined]
    Node.objects.bulk_create(
        Node(
            slug=f"n-{number}", tier="device", approved=True, token_sha256=enrolment.sha256(token), profile=PROFILE,
            last_seen=before, recorded_state="online",
        )
        for number, token in enumerate(tokens)
    )  # fmt: skip
    Reading.objects.bulk_create(Reading(node=f"n-{number}", at=before, values={"cpu_percent": 10.0}) for number in range(FLEET))
    return [Sent(token, json.dumps(ROUTINE).encode()) for token in tokens]


def queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work()
    return len([query for query in captured if "UPDATE" not in query["sql"]])


@pytest.mark.parametrize(
    "reported",
    [
        {},
        {"boot": "second", "profile": None},
        {"hardware": {"model": "Orin"}},
        {"access": "0" * 16},
        {"choice": 7},
        {"watches": "0" * 16},
        {"queue": 0},
    ],
)
def test_it_is_answered_and_stored_as_by_the_operation(device: Board, reported: dict[str, Any]) -> None:
    def stored() -> dict[str, Any]:
        return Node.objects.values().get() | {"last_seen": None}

    ExportedModels.objects.create(profile="compact", digest="a" * 16)
    device.beat(**ROUTINE)
    (short,) = routine.reply_to([sent(device, **reported)])
    after_short, readings = stored(), Reading.objects.filter(span_s=0).count()
    long = device.beat(**{**ROUTINE, **reported}).json()
    assert short is not None and short.pop("now") > 0 and long.pop("now") > 0
    assert short == long
    assert (after_short, readings + 1) == (stored(), Reading.objects.filter(span_s=0).count())


@pytest.mark.parametrize("report", [
    {"hardware": {"model": "Thor"}}, {"refused": {"choice": 0, "why": "no"}},
    {"redis": "refused"}, {"queue": -1}, {"queue": "many"}, {"sample": {"cpu_percent": "\0"}}, {"unknown": 1},
])  # fmt: skip
def test_anything_else_is_left_to_the_operation_and_stores_nothing(device: Board, report: dict[str, Any]) -> None:
    seen = Node.objects.get().last_seen
    assert routine.reply_to([sent(device, **report)]) == [None]
    assert Node.objects.get().last_seen == seen


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 5000, b'{"sample": {"cpu_percent": NaN}}'])
def test_what_cannot_be_read_keeps_no_other_node_waiting(device: Board, body: bytes) -> None:
    first, second = routine.reply_to([Sent("unknown", body), sent(device)])
    assert first is None and second is not None and second["state"] == "online"


@pytest.mark.parametrize("changed", [
    {"wishes": {"log": {"request": "r", "at": "2026-01-01T00:00:00+00:00"}}}, {"rotation": "r"}, {"change": {"refused": 0}},
])  # fmt: skip
def test_a_node_that_is_to_be_told_something_is_left_to_the_operation(device: Board, changed: dict[str, Any]) -> None:
    Node.objects.update(**changed)
    assert routine.reply_to([sent(device)]) == [None]


def test_a_revoked_or_unknown_node_is_refused_by_the_operation(device: Board) -> None:
    enrolment.revoke("jetson-a")
    assert routine.reply_to([sent(device), Sent("unknown", json.dumps(ROUTINE).encode())]) == [None, None]


def test_of_two_heartbeats_of_one_node_the_second_is_left(device: Board) -> None:
    first, second = routine.reply_to([sent(device, queue=3), sent(device, queue=4)])
    assert first is not None and second is None
    assert Node.objects.get().queue == 3


def test_a_fleet_takes_as_many_queries_as_one_node_besides_an_update_each(fleet: list[Sent]) -> None:
    routine.reply_to(fleet[:1])  # what a process reads once
    few, many = queries(lambda: routine.reply_to(fleet[1:3])), queries(lambda: routine.reply_to(fleet[3:]))
    assert many <= few
    now = timezone.now()
    assert {presence.state(node, now) for node in Node.objects.all()} == {"online"}
    assert Reading.objects.filter(span_s=0).count() == 2 * FLEET
    assert Reading.objects.filter(span_s=60).count() == FLEET


def test_the_reply_names_the_pace_of_the_fleet_and_silence_is_measured_by_it(
    device: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace.COUNT, "nodes", lambda now: 900)
    (reply,) = routine.reply_to([sent(device)])
    assert reply is not None and 0 < reply["next_s"] <= 12.0
    node = Node.objects.get()
    for silent_s, state in ((13.9, "online"), (14.1, "stale"), (19.9, "stale"), (20.1, "offline")):
        now = node.last_seen + timezone.timedelta(seconds=silent_s)  # type: ignore[attr-defined]
        assert presence.state(node, now) == state
        assert Node.objects.filter(presence.where(state, now)).exists()
