"""The socket of the devices page: all nodes and their links, then what changes."""

import json
import time
from typing import Any

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
RECHECK_S = 1.0  # a fleet sends many events a second, an account is switched off once


class DevicesConsumer(LiveConsumer):
    """Nodes that fall silent are noticed by the clock (devices.tasks.watch), whether or not a page is open."""

    since: float  # when it was opened

    def groups_for(self) -> list[str]:
        return [groups.devices()]

    def snapshot(self) -> dict[str, Any]:
        nodes = list(Node.objects.filter(revoked_at=None))
        samples = {node.slug: links.since(node.slug, links.SHOWN_S) for node in nodes if node.tier == "device"}
        access, person = rules.read(), self.scope["user"].pk
        return {
            "type": "snapshot",
            "nodes": [access.shown(person, presence.as_json(node)) for node in nodes],
            "samples": samples,
        }

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") != "refetch":
            raise UserError("unknown_frame", "Unsupported message type.", "Reload the page.")
        return self.snapshot()

    async def connect(self) -> None:
        self.since = time.monotonic()
        await super().connect()

    async def still_allowed(self) -> bool:
        return self.scope["user"].pk in await ACCOUNTS.value(self.since)

    async def live_event(self, message: dict[str, Any]) -> None:
        """The same event goes to everybody, with all cameras; each page gets those that its person may use."""
        if HAS_CAMERAS in message["frame"]:
            access, frame = await ACCESS.value(self.since), json.loads(message["frame"])
            node: NodeData = frame["node"]  # only events about a node's state have cameras
            frame["node"] = access.shown(self.scope["user"].pk, node)
            message = {**message, "frame": json.dumps(frame)}
        await super().live_event(message)


def _accounts() -> frozenset[int]:
    return frozenset(get_user_model().objects.filter(is_active=True).values_list("pk", flat=True))


ACCOUNTS = Shared(_accounts, RECHECK_S)
ACCESS = Shared(rules.read, RECHECK_S)
