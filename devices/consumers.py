"""The socket of the devices page: all nodes and their links, then what changes."""

import json
import time
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth import get_user_model

from devices.camera_access import rules
from devices.models import Node
from devices.telemetry import links, presence
from devices.telemetry.presence import NodeData
from webapp.live import groups
from webapp.live.consumer import LiveConsumer
from webapp.live.errors import UserError
from webapp.live.relay import News, Outbox, Relay
from webapp.live.shared import Shared

HAS_CAMERAS = '"cameras": [{'  # in the text of an event about a node that has some
MOST_WATCHED = 100  # nodes of one page
RECHECK_S = 1.0  # a fleet sends many events a second, an account is switched off once


class DevicesConsumer(LiveConsumer):
    """Nodes that fall silent are noticed by the clock (devices.tasks.watch), whether or not a page is open."""

    since: float  # when it was opened
    watched: Collection[str] | None = None  # slugs of the nodes that the page shows; None: all
    outbox: Outbox | None = None

    def snapshot(self) -> dict[str, Any]:
        rows = Node.objects.filter(revoked_at=None)
        nodes = presence.all_as_json(rows if self.watched is None else rows.filter(slug__in=self.watched))
        access, person = rules.read(), self.scope["user"].pk
        return {
            "type": "snapshot",
            "nodes": [access.shown(person, node) for node in nodes],
            "samples": links.since_of_all([node["slug"] for node in nodes if node["tier"] == "device"], links.SHOWN_S),
        }

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") == "watch":
            self.watched = watched(frame.get("nodes"))
        elif frame.get("type") != "refetch":
            raise UserError("unknown_frame", "Unsupported message type.", "Reload the page.")
        return self.snapshot()

    async def connect(self) -> None:
        self.since = time.monotonic()
        query = parse_qs(self.scope.get("query_string", b"").decode(errors="replace"), keep_blank_values=True)
        if "nodes" in query:
            self.watched = frozenset(query["nodes"][0].split(",")[:MOST_WATCHED])
        self.outbox = Outbox(self._send_news)
        await super().connect()
        self.outbox.open()

    async def join_groups(self) -> None:
        await super().join_groups()
        await RELAY.join(self)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super()._serve(scope, receive, send)
        finally:
            RELAY.leave(self)
            if self.outbox is not None:
                self.outbox.close()

    async def still_allowed(self) -> bool:
        return self.scope["user"].pk in await ACCOUNTS.value(self.since)

    def take(self, news: Sequence[News]) -> None:
        """Of a large fleet a page gets only the nodes that it shows."""
        if self.outbox is None:
            return
        for each in news:
            if self.watched is None or concerns(each.frame, self.watched):
                node = each.frame["node"]
                self.outbox.put(node["slug"] if isinstance(node, dict) else None, each)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        assert self.outbox is not None
        with self.outbox.held():
            await super().receive(text_data, bytes_data)

    async def _send_news(self, news: list[News]) -> None:
        await self.until_outage(self._send_all(news))

    async def _send_all(self, news: list[News]) -> None:
        for each in news:
            await self.live_event({"frame": await self._text(each)})

    async def _text(self, news: News) -> str:
        """The same event goes to everybody, with all cameras; each page gets those that its person may use."""
        if HAS_CAMERAS not in news.text:
            return news.text
        node: NodeData = news.frame["node"]  # only events about a node's state have cameras
        shown = (await ACCESS.value(self.since)).shown(self.scope["user"].pk, node)
        own = tuple((camera["name"], camera["preview"], camera["folder"]) for camera in shown["cameras"])
        if own not in news.variants:
            news.variants[own] = json.dumps({**news.frame, "node": shown})
        return news.variants[own]


def watched(nodes: object) -> frozenset[str]:
    """The slugs of a page's message. Raises UserError."""
    if not isinstance(nodes, list) or len(nodes) > MOST_WATCHED or not all(isinstance(slug, str) for slug in nodes):
        raise UserError("bad_nodes", f"nodes must be a list of at most {MOST_WATCHED} names.", "Reload the page.")
    return frozenset(nodes)


def concerns(frame: dict[str, Any], nodes: Collection[str]) -> bool:
    """Whether an event is about one of these nodes, or about one that is just joining: every page shows those."""
    node = frame.get("node")
    if not isinstance(node, dict):
        return node in nodes
    return node["slug"] in nodes or node["state"] == "unseen" or not (node["approved"] or node["state"] == "revoked")


def _accounts() -> frozenset[int]:
    return frozenset(get_user_model().objects.filter(is_active=True).values_list("pk", flat=True))


ACCOUNTS = Shared(_accounts, RECHECK_S)
ACCESS = Shared(rules.read, RECHECK_S)
RELAY = Relay(groups.devices())
