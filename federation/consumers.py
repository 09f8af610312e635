"""The socket of one run: a snapshot, then each client and each round as it happens."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from federation.models import Run
from federation.runs import lifecycle
from webapp.live import groups
from webapp.live.consumer import LiveConsumer
from webapp.live.errors import UserError


class RunConsumer(LiveConsumer):
    @property
    def number(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["number"])

    def groups_for(self) -> list[str]:
        return [groups.run(self.number)]

    def allowed(self, user: AbstractBaseUser) -> bool:
        return lifecycle.all_of(user).filter(pk=self.number).exists()

    def snapshot(self) -> dict[str, Any]:
        return {"type": "snapshot", **lifecycle.snapshot(Run.objects.get(pk=self.number))}

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") != "refetch":
            raise UserError("unknown_frame", "Unsupported message type.", "Reload the page.")
        return self.snapshot()
