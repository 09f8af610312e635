"""The socket of the models page: a snapshot, then every change of a job and of which models answer."""

from typing import Any

from inference.model_jobs import overview
from webapp.live import groups
from webapp.live.consumer import LiveConsumer
from webapp.live.errors import UserError


class ModelsConsumer(LiveConsumer):
    def groups_for(self) -> list[str]:
        return [groups.models()]

    def snapshot(self) -> dict[str, Any]:
        return {"type": "snapshot", **overview.overview(self.scope["user"])}

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") != "refetch":
            raise UserError("unknown_frame", "Unsupported message type.", "Reload the page.")
        return self.snapshot()
