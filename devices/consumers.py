"""The socket of the devices page: all nodes and their links, then what changes."""

import json
import time
from collections.abc import Collection
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
from webapp.live.shared import Shared

HAS_CAMERAS = '"cameras": [{'  # in the text of an event about a node that has some
MOST_WATCHED = 100  # nodes of one page
RECHECK_S = 1.0  # a fleet sends many events a second, an account is switched off once


class DevicesConsumer(LiveConsumer):
    """Nodes that fall silent are noticed by the clock (devices.tasks.watch), whether or not a page is open."""

    since: float  # when it was opened
    watched: Collection[str] | None = None  # slugs of the nodes that the page shows; None: all

    def groups_for(self) -> list[str]:
        return [groups.devices()]

    def snapshot(self) -> dict[str, Any]:
        rows = Node.objects.filter(revoked_at=None).prefetch_related("tags")
        nodes = list(rows if self.watched is None else rows.filter(slug__in=self.watched))
        samples = {node.slug: links.since(node.slug, links.SHOWN_S) for node in nodes if node.tier == "device"}
        access, person = rules.read(), self.scope["user"].pk
        return {
            "type": "snapshot",
            "nodes": [access.shown(person, presence.as_json(node)) for node in nodes],
            "samples": samples,
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
        await super().connect()

    async def still_allowed(self) -> bool:
        return self.scope["user"].pk in await ACCOUNTS.value(self.since)

    async def live_event(self, message: dict[str, Any]) -> None:
        """The same event goes to everybody, with all cameras; each page gets those that its person may use, and of a large
        fleet only the nodes that it shows."""
        if self.watched is not None and not concerns(json.loads(message["frame"]), self.watched):
            return
        if HAS_CAMERAS in message["frame"]:
            access, frame = await ACCESS.value(self.since), json.loads(message["frame"])
            node: NodeData = frame["node"]  # only events about a node's state have cameras
            frame["node"] = access.shown(self.scope["user"].pk, node)
            message = {**message, "frame": json.dumps(frame)}
        await super().live_event(message)


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
