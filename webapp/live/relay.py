"""One subscription of a process to a group, for all its sockets that show it.

Each event is read once, however many sockets there are, and events of a moment are handed over together. What a socket has not
sent yet waits with it (Outbox), so that a slow one keeps nobody waiting.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
GATHER_S = 0.05
RETRY_S = 1.0
MOST_WAITING = 100  # events of one socket about which no later one says more, as many as Channels itself would hold


@dataclass(eq=False)
class News:
    """An event: its frame as sent, and read. `variants`: other texts of it, by whom they are for."""

    text: str
    frame: dict[str, Any]
    variants: dict[object, str] = field(default_factory=dict)


class Receiver(Protocol):
    def take(self, news: Sequence[News]) -> None:
        """In the event loop; must not wait."""


class _Subscription:
    """Of one event loop."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.receivers: set[Receiver] = set()
        self.lock = asyncio.Lock()
        self._gathered: list[News] = []
        self._reading: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Raises RedisError."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(await self._subscribe()))

    def end(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    async def _subscribe(self) -> str:
        layer = get_channel_layer()
        channel: str = await layer.new_channel()
        await layer.group_add(self.group, channel)
        return channel

    async def _read(self, channel: str) -> None:
        layer = get_channel_layer()
        try:
            while True:
                try:
                    self._gather(await layer.receive(channel))
                except (RedisError, OSError) as error:
                    log.warning("no live events of %s: %s", self.group, error)
                    await asyncio.sleep(RETRY_S)
        finally:
            with contextlib.suppress(RedisError, OSError):  # the subscription died with the connection
                await layer.group_discard(self.group, channel)

    def _gather(self, message: dict[str, str]) -> None:
        if message["type"] != "live.event":
            return
        if not self._gathered:
            asyncio.get_running_loop().call_later(GATHER_S, self._hand_over)
        self._gathered.append(News(message["frame"], json.loads(message["frame"])))

    def _hand_over(self) -> None:
        news, self._gathered = self._gathered, []
        for receiver in list(self.receivers):
            receiver.take(news)


class Relay:
    def __init__(self, group: str) -> None:
        self._group = group
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Subscription] = WeakKeyDictionary()

    async def join(self, receiver: Receiver) -> None:
        """It gets every event from now on. Raises RedisError."""
        subscription = self._loops.setdefault(asyncio.get_running_loop(), _Subscription(self._group))
        async with subscription.lock:
            await subscription.begin()
            subscription.receivers.add(receiver)

    def leave(self, receiver: Receiver) -> None:
        subscription = self._loops.get(asyncio.get_running_loop())
        if subscription is None or receiver not in subscription.receivers:
            return
        subscription.receivers.discard(receiver)
        if not subscription.receivers:
            subscription.end()


class Outbox:
    """What one socket has still to send. A later event about the same thing takes the place of an earlier one. It begins held,
    until the snapshot is sent."""

    def __init__(self, send: Callable[[list[News]], Coroutine[Any, Any, None]]) -> None:
        self._send = send
        self._waiting: dict[object, News] = {}
        self._sending: asyncio.Task[None] | None = None
        self._is_held = True

    def put(self, key: object, news: News) -> None:
        """`key`: what the event is about; None: nothing that another one could repeat."""
        if key is None and len(self._waiting) >= MOST_WAITING:
            return
        self._waiting[news if key is None else key] = news
        self._begin()

    def open(self) -> None:
        self._is_held = False
        self._begin()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing more is sent inside: a snapshot comes before what happens after it."""
        self._is_held = True
        try:
            yield
        finally:
            self.open()

    def _begin(self) -> None:
        if self._sending is None and self._waiting and not self._is_held:
            self._sending = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting and not self._is_held:
                waiting, self._waiting = self._waiting, {}
                await self._send(list(waiting.values()))
        finally:
            self._sending = None

    def close(self) -> None:
        self._waiting, self._is_held = {}, True
        if self._sending is not None:
            self._sending.cancel()
