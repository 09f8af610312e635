"""What a person and a device send about watches."""

import secrets
import time
from typing import Any

from inference.watches.models import Watch
from tests.devices.conftest import Board

DOG = {"node": "jetson-a", "camera": "porch", "settings": {"looks_for": "dog"}}


def make(client: Any, **changes: Any) -> Any:
    body = {**DOG, **{name: value for name, value in changes.items() if name in ("node", "camera", "title", "run")}}
    body["settings"] = {**DOG["settings"], **changes.get("settings", {})}  # type: ignore[dict-item]
    return client.post("/api/v1/watches", body, content_type="application/json")


def event(number: int, kind: str = "raised", **fields: Any) -> dict[str, Any]:
    camera = {"camera": "porch", "watch": Watch.objects.latest("pk").pk if kind in ("raised", "cleared", "described") else 0}
    return {"id": secrets.token_hex(16), "number": number, "kind": kind, "at": time.time(), **camera, **fields}


def deliver(device: Board, *events: dict[str, Any]) -> Any:
    return device.post("/me/watch-events", {"now": time.time(), "events": list(events)})
