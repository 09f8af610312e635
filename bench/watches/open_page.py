"""An open page of watches: what its socket receives, and when."""

import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from bench.harness.processes import wait_for


class OpenPage:
    """Context manager. `events`: the newest state of each that came since, by its id. `arrived`, `captioned`: when it, and its
    caption, were first there, in seconds since 1970."""

    def __init__(self, url: str, person: httpx.Client) -> None:
        self.events: dict[int, dict[str, Any]] = {}
        self.arrived: dict[int, float] = {}
        self.captioned: dict[int, float] = {}
        self._known: set[int] = set()  # that were there when it was opened
        cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        address = url.replace("http", "ws") + "/ws/watches/"
        self._socket = connect(address, additional_headers={"Cookie": cookie}, origin=Origin(url), max_size=None)
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "OpenPage":
        self._receive(json.loads(self._socket.recv()))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()
        self._thread.join(10)

    def _read(self) -> None:
        try:
            for text in self._socket:
                self._receive(json.loads(text))
        except ConnectionClosed:
            return

    def _receive(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            self._known = {event["id"] for event in frame["events"]}
        if frame["type"] != "watch.event" or (event := frame["event"])["id"] in self._known:
            return
        self.arrived.setdefault(event["id"], time.time())
        if event["caption"]:
            self.captioned.setdefault(event["id"], time.time())
        self.events[event["id"]] = event

    def event(self, seconds: float, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The newest event that meets a condition, once there is one."""

        def matching() -> list[dict[str, Any]]:
            return [event for event in list(self.events.values()) if condition(event)]

        wait_for(lambda: bool(matching()), seconds, "no such event on the page", every=0.1)
        return max(matching(), key=lambda event: event["id"])
