"""A photo that a device takes with its own camera. It lives there: the cloud keeps a row about it and none of its bytes."""

import uuid
from typing import Any

from devices import cameras, dispatch
from devices.models import Node
from inference.models import CAMERA, Photo
from webapp.live.errors import UserError, not_found


def take(owner: Any, slug: str, camera: str) -> Photo:
    """Raises UserError."""
    node = Node.objects.filter(slug=slug, tier="device", revoked_at=None).first()
    if node is None:
        raise not_found("device")
    known = cameras.names(node)
    if camera not in known:
        has = f"has {', '.join(known)}" if known else "has no camera"
        raise UserError(
            "no_camera", f"{slug} {has}.", "Name one in cameras.toml on the device, and start its agent again.", 422
        )
    photo_id = uuid.uuid4()
    try:
        told = cameras.look(slug, camera, str(photo_id))
    except dispatch.StageFailed as error:
        raise UserError("camera_failed", str(error), "Look at the camera, then try again.", 502) from error
    except dispatch.NodeGone as error:
        raise UserError("node_offline", str(error), "Start it, or ask about another photo.", 503) from error
    return Photo.objects.create(
        id=photo_id,
        owner=owner,
        width=told["width"],
        height=told["height"],
        bytes=told["bytes"],
        source_format=CAMERA,
        source_bytes=told["bytes"],
        placed={slug: {"sizes": told["sizes"], "ready": {}}},
    )
