"""The socket of the watches page: a person's watches and latest events, then every change."""

from typing import Any

from inference.watches import live
from inference.watches.lifecycle import all_of
from webapp.live import groups
from webapp.live.consumer import LiveConsumer
from webapp.live.errors import UserError


class WatchesConsumer(LiveConsumer):
    def groups_for(self) -> list[str]:
        return [groups.watches(self.scope["user"].pk)]

    def snapshot(self) -> dict[str, Any]:
        person = self.scope["user"]
        return {
            "type": "snapshot",
            "watches": live.watches_data(all_of(person)),
            "events": [live.event_data(event) for event in live.visible(person)[: live.SHOWN]],
        }

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") != "refetch":
            raise UserError("unknown_frame", "Unsupported message type.", "Reload the page.")
        return self.snapshot()
