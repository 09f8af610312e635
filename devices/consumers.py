"""The socket of the devices page: all nodes and their links, then what changes."""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.utils import timezone

from devices.models import Node
from devices.telemetry import links, presence
from webapp.live import groups
from webapp.live.consumer import LiveConsumer
from webapp.live.errors import UserError
from webapp.live.shared import Shared

LOOK_S = 2.0
RECHECK_S = 1.0  # a fleet sends many events a second, an account is switched off once


class DevicesConsumer(LiveConsumer):
    """A node that falls silent sends no event that says so: while a page is open, the socket itself looks for it."""

    watch: "asyncio.Task[None] | None" = None
    known: dict[str, str]  # state of each node as the page was last told
    since: float  # when it was opened

    def groups_for(self) -> list[str]:
        return [groups.devices()]

    def snapshot(self) -> dict[str, Any]:
        nodes = list(Node.objects.filter(revoked_at=None))
        self.known = _states(nodes)
        samples = {node.slug: links.since(node.slug, links.SHOWN_S) for node in nodes if node.tier == "device"}
        return {"type": "snapshot", "nodes": [presence.as_json(node) for node in nodes], "samples": samples}

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") != "refetch":
            raise UserError("unknown_frame", "This socket does not know that request.", "Reload the page.")
        return self.snapshot()

    async def connect(self) -> None:
        self.since = time.monotonic()
        await super().connect()
        if self.joined:
            self.watch = asyncio.create_task(self._watch())

    async def disconnect(self, code: int) -> None:
        if self.watch is not None:
            self.watch.cancel()
        await super().disconnect(code)

    async def still_allowed(self) -> bool:
        return self.scope["user"].pk in await ACCOUNTS.value(self.since)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            now = await STATES.value(self.since)
            silent = [slug for slug, state in now.items() if state in ("stale", "offline") and self.known.get(slug) != state]
            for event in await database_sync_to_async(_events)(silent) if silent else ():
                await self.live_event({"frame": json.dumps(event)})
            self.known = now


def _accounts() -> frozenset[int]:
    return frozenset(get_user_model().objects.filter(is_active=True).values_list("pk", flat=True))


def _nodes() -> dict[str, str]:
    return _states(Node.objects.filter(revoked_at=None).only("slug", "last_seen", "revoked_at"))


def _states(nodes: Iterable[Node]) -> dict[str, str]:
    now = timezone.now()
    return {node.slug: presence.state(node, now) for node in nodes}


def _events(slugs: list[str]) -> list[dict[str, Any]]:
    return [{"type": "node.state", "node": presence.as_json(node)} for node in Node.objects.filter(slug__in=slugs)]


ACCOUNTS = Shared(_accounts, RECHECK_S)
STATES = Shared(_nodes, LOOK_S / 2)
