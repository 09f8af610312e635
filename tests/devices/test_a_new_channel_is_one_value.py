"""A notification channel that is added to CHANNELS gets the news of nodes without another change."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from devices.models import Node, NodeEvent
from devices.telemetry import node_events
from tests.devices.conftest import Board
from webapp.ops import notifications, tasks
from webapp.ops.notifications.channel import Channel, NodeNews


class Pager:
    name = "pager"

    def __init__(self) -> None:
        self.received: list[NodeNews] = []

    def enabled(self) -> bool:
        return True

    def send(self, news: NodeNews) -> None:
        self.received.append(news)


def test_it_receives_the_news_once(board: Callable[..., Board], monkeypatch: pytest.MonkeyPatch) -> None:
    pager = Pager()
    channels: list[Channel] = [*notifications.CHANNELS, pager]
    monkeypatch.setattr(notifications, "CHANNELS", channels)
    board().beat(queue=0)
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=13), title="Kitchen")
    node_events.record_all(timezone.now())
    tasks.notify()
    tasks.notify()
    (news,) = pager.received
    assert (news.node, news.before, news.after) == ("jetson-a", "online", "offline")
    assert news.sentence() == "Kitchen is offline."
    assert "pager" in NodeEvent.objects.get(to_state="offline").notified
