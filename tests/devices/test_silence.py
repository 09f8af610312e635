"""Nodes that all fell silent at once: the server was away, not they."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence, silence

pytestmark = pytest.mark.django_db


def heard(board: Callable[..., Any], **seconds_ago: float) -> None:
    for name, seconds in seconds_ago.items():
        node = board(name).node
        Node.objects.filter(pk=node.pk).update(last_seen=timezone.now() - timedelta(seconds=seconds))


def test_all_nodes_that_fell_silent_a_moment_ago_are_waited_for(board: Callable[..., Any]) -> None:
    heard(board, first=presence.STALE_S + 1, second=presence.OFFLINE_S + 1)
    assert silence.is_our_own(timezone.now())


def test_one_that_is_heard_shows_that_the_others_are_away(board: Callable[..., Any]) -> None:
    heard(board, first=1, second=presence.OFFLINE_S + 1)
    assert not silence.is_our_own(timezone.now())


def test_after_long_they_are_away_themselves(board: Callable[..., Any]) -> None:
    heard(board, first=silence.RETURN_S + 1)
    assert not silence.is_our_own(timezone.now())


def test_without_nodes_nobody_is_waited_for(db: None) -> None:
    assert not silence.is_our_own(timezone.now())
