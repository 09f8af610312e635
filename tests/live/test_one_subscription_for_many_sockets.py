"""A process hears of an event once, however many pages show it, and a page that is slow to read keeps no other waiting."""

import asyncio
from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer

from webapp.live import relay
from webapp.live.events import LinkSample
from webapp.live.publish import publish
from webapp.live.relay import News, Outbox, Relay

GROUP = "relayed"


def event(node: str, size: int = 1) -> LinkSample:
    return LinkSample(node=node, at="now", bytes=size, ms=1.0, bytes_per_s=1000, source="probe")


def news(node: str, size: int = 1) -> News:
    return News("", event(node, size).frame())


class Page:
    """Gathers what it was handed over, together."""

    def __init__(self) -> None:
        self.handed: list[list[str]] = []
        self.came = asyncio.Event()

    def take(self, news: Sequence[News]) -> None:
        self.handed.append([each.frame["node"] for each in news])
        self.came.set()


class Sender:
    """What a socket has sent, while it may."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.free = asyncio.Event()

    async def send(self, news: list[News]) -> None:
        await self.free.wait()
        self.sent += [(each.frame["node"], each.frame["bytes"]) for each in news]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_pages_share_one_subscription_and_events_of_a_moment_come_together() -> None:
    ours, pages = Relay(GROUP), [Page() for _ in range(20)]
    for page in pages:
        await ours.join(page)
    layer: Any = get_channel_layer()
    assert len(layer.groups[f"{layer.prefix}__group__{GROUP}"]) == 1
    for name in ("a", "b", "a"):
        publish(GROUP, event(name))
    await asyncio.wait_for(pages[-1].came.wait(), 5)
    assert all(page.handed == [["a", "b", "a"]] for page in pages)
    for page in pages:
        ours.leave(page)
    for _ in range(50):
        if f"{layer.prefix}__group__{GROUP}" not in layer.groups:
            break
        await asyncio.sleep(0.1)
    assert f"{layer.prefix}__group__{GROUP}" not in layer.groups


async def test_the_next_page_after_the_last_one_left_hears_again() -> None:
    ours, first, second = Relay(GROUP), Page(), Page()
    await ours.join(first)
    ours.leave(first)
    await ours.join(second)
    publish(GROUP, event("a"))
    await asyncio.wait_for(second.came.wait(), 5)
    assert (first.handed, second.handed) == ([], [["a"]])
    ours.leave(second)


async def test_a_slow_page_gets_the_newest_of_each_node() -> None:
    slow = Sender()
    box = Outbox(slow.send)
    box.open()
    for size in range(1000):
        box.put(f"n-{size % 3}", news(f"n-{size % 3}", size))
        await asyncio.sleep(0)
    slow.free.set()
    await settled()
    assert slow.sent == [("n-0", 0), ("n-1", 997), ("n-2", 998), ("n-0", 999)]


async def test_what_no_later_event_repeats_is_bounded() -> None:
    slow = Sender()
    box = Outbox(slow.send)
    for size in range(relay.MOST_WAITING + 50):
        box.put(None, news("n", size))
    slow.free.set()
    box.open()
    await settled()
    assert [size for _, size in slow.sent] == list(range(relay.MOST_WAITING))


async def test_nothing_is_sent_while_a_snapshot_is_made() -> None:
    socket = Sender()
    socket.free.set()
    box = Outbox(socket.send)
    box.open()
    with box.held():
        box.put("a", news("a"))
        await settled()
        assert socket.sent == []
    await settled()
    assert socket.sent == [("a", 1)]


async def test_a_closed_page_sends_nothing_more() -> None:
    socket = Sender()
    box = Outbox(socket.send)
    box.open()
    box.put("a", news("a"))
    await settled()
    box.close()
    socket.free.set()
    box.put("b", news("b"))
    await settled()
    assert socket.sent == []
