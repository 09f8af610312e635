"""A node's flips between states: each is stored once, whoever notices it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from devices import tasks
from devices.models import Node, NodeEvent
from devices.registry import enrolment
from devices.telemetry import node_events
from tests.devices.conftest import Board
from webapp.notices.models import Notice


@pytest.fixture
def online(board: Callable[..., Board]) -> Board:
    joined = board()
    joined.beat(queue=0)
    return joined


def flips() -> list[tuple[str, str]]:
    return [(event.from_state, event.to_state) for event in NodeEvent.objects.order_by("pk")]


def silent_for(seconds: float) -> None:
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=seconds))


def test_the_first_heartbeat_is_an_event_that_nobody_is_notified_about(online: Board) -> None:
    assert flips() == [("unseen", "online")]
    assert not Notice.objects.exists()


def test_a_silent_node_turns_stale_then_offline_without_a_page_being_open(online: Board) -> None:
    for seconds in (7, 13, 14):
        silent_for(seconds)
        node_events.record_all(timezone.now())
    assert flips()[1:] == [("online", "stale"), ("stale", "offline")]
    assert [notice.kind for notice in Notice.objects.all()] == ["node.offline"]


def test_a_heartbeat_after_silence_is_an_event_at_once(online: Board) -> None:
    silent_for(13)
    node_events.record_all(timezone.now())
    online.beat(queue=0)
    assert flips()[1:] == [("online", "offline"), ("offline", "online")]


def test_a_heartbeat_that_arrives_while_the_clock_looks_wins(online: Board) -> None:
    silent_for(13)
    seen_by_the_clock = Node.objects.get()
    online.beat(queue=0)
    assert node_events.record(seen_by_the_clock, timezone.now()) is None
    assert flips() == [("unseen", "online")]


def test_revoking_is_an_event(online: Board) -> None:
    enrolment.revoke("jetson-a")
    node_events.record_all(timezone.now())
    assert flips()[1:] == [("online", "revoked")]


@pytest.mark.django_db(transaction=True)
def test_of_two_clocks_one_stores_the_flip(online: Board) -> None:
    silent_for(13)
    now = timezone.now()

    def look(_: int) -> int:
        try:
            return len(node_events.record_all(now))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) == 1
    assert flips() == [("unseen", "online"), ("online", "offline")]


def test_a_clock_that_was_away_gives_living_nodes_time_for_a_heartbeat(online: Board, store: Any) -> None:
    silent_for(60)
    tasks.watch()
    assert flips() == [("unseen", "online")]
    store.set(tasks.WATCHING_KEY, timezone.now().timestamp() - 60)
    tasks.watch()
    assert flips()[1:] == [("online", "offline")]
