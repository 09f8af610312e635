"""The socket of one batch: where it stands, then each item that ends."""

from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from inference.batches import summary
from inference.batches.models import Batch
from webapp.live import groups
from webapp.live.consumer import LiveConsumer
from webapp.live.errors import UserError


class BatchConsumer(LiveConsumer):
    @property
    def batch(self) -> UUID:
        return self.scope["url_route"]["kwargs"]["batch"]

    def groups_for(self) -> list[str]:
        return [groups.batch(self.batch)]

    def allowed(self, user: AbstractBaseUser) -> bool:
        return Batch.objects.filter(pk=self.batch, owner=user).exists()

    def snapshot(self) -> dict[str, Any]:
        return {"type": "snapshot", "batch": summary.read(self.batch)}

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") != "refetch":
            raise UserError("unknown_frame", "Unsupported message type.", "Reload the page.")
        return self.snapshot()
