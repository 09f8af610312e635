"""Photos that a device alone holds: taken with its own camera, or handed to it by a browser in its network.

The cloud keeps a row about such a photo and none of its bytes.
"""

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django.core import signing

from devices import cameras, dispatch, uploads
from devices.contract.results import Kept
from devices.models import Node
from inference.models import CAMERA, DIRECT, Photo
from webapp.live.errors import UserError, not_found

Told = TypeVar("Told")
TICKET = signing.TimestampSigner(salt="upload to a device")
TICKET_S = uploads.VALID_S + 120  # a photo that began to travel in time may take as long as the node waits for it


def take(owner: Any, slug: str, camera: str) -> Photo:
    """Raises UserError."""
    known = cameras.names(_device(slug))
    if camera not in known:
        has = f"has {', '.join(known)}" if known else "has no camera"
        raise UserError(
            "no_camera", f"{slug} {has}.", "Name one in cameras.toml on the device, and start its agent again.", 422
        )
    photo_id = uuid.uuid4()
    told = _asked(lambda: cameras.capture(slug, camera, str(photo_id)), "camera_failed", "Look at the camera, then try again.")
    return _kept(owner, photo_id, slug, told, CAMERA)


def invite(owner: Any, slug: str) -> dict[str, str]:
    """Where the owner's browser may hand a photo to this device, and the ticket to come back with. Raises UserError."""
    node = _device(slug)
    if not uploads.origin(node):
        raise UserError("no_uploads", f"{slug} takes no uploads itself.", "Upload the photo through the server.", 422)
    photo_id = uuid.uuid4()
    url = _asked(lambda: uploads.invite(node, str(photo_id)), "upload_failed", THROUGH)
    return {"url": url, "ticket": TICKET.sign_object([owner.pk, slug, str(photo_id)])}


def collect(owner: Any, slug: str, ticket: str) -> Photo:
    """The photo that was handed over with this ticket, which is good once. Raises UserError."""
    try:
        whose, where, photo_id = TICKET.unsign_object(ticket, max_age=TICKET_S)
    except signing.BadSignature:
        whose = where = photo_id = None
    if (whose, where) != (owner.pk, slug) or Photo.objects.filter(pk=photo_id).exists():
        raise UserError("bad_ticket", "This upload was not begun here, or is over.", "Choose the photo again.", 403)
    told = _asked(lambda: uploads.collect(slug, photo_id), "upload_failed", THROUGH)
    return _kept(owner, uuid.UUID(photo_id), slug, told, DIRECT)


THROUGH = "Upload it through the server."


def _device(slug: str) -> Node:
    node = Node.objects.filter(slug=slug, tier="device", revoked_at=None).first()
    if node is None:
        raise not_found("device")
    return node


def _asked(ask: Callable[[], Told], code: str, remedy: str) -> Told:
    """What the device answers. What it refuses is said in its own sentence."""
    try:
        return ask()
    except dispatch.StageFailed as error:
        raise UserError(code, str(error), remedy, 502) from error
    except dispatch.NodeGone as error:
        raise UserError("node_offline", str(error), "Start it, or ask about another photo.", 503) from error


def _kept(owner: Any, photo_id: uuid.UUID, slug: str, kept: Kept, source: str) -> Photo:
    return Photo.objects.create(
        id=photo_id,
        owner=owner,
        width=kept.width,
        height=kept.height,
        bytes=kept.bytes,
        source_format=source,
        source_bytes=kept.bytes,
        placed={slug: {"sizes": kept.sizes, "ready": {}}},
    )
