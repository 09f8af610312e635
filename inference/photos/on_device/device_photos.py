"""Photos that only a device has: taken with its own camera, or uploaded to it by a browser in its network.

The server has a row about such a photo and none of its bytes.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing

from devices import cameras, dispatch, uploads
from devices.camera_access import folders, rules
from devices.contract.results import Kept
from inference.models import CAMERA, DIRECT, Photo, PhotoTrace
from inference.photos import digests
from webapp.live.at_once import AtOnce
from webapp.live.errors import UserError

Reply = TypeVar("Reply")
TICKET = signing.TimestampSigner(salt="upload to a device")
CALLS = AtOnce(3, "photos being taken or uploaded on devices")
TICKET_S = uploads.VALID_S + 120  # an upload that starts in time may take as long as the node waits for it


@contextmanager
def _node_call(owner: AbstractBaseUser) -> Iterator[None]:
    """Calls to nodes that a person waits for. Raises UserError where too many of the same person wait."""
    with CALLS.of(owner.pk), dispatch.on_behalf_of(owner.pk):
        yield


def take(owner: AbstractBaseUser, slug: str, camera: str) -> Photo:
    """Raises UserError."""
    node = folders.device(slug)
    names = cameras.names(node)
    if camera not in names:
        has = f"has {', '.join(names)}" if names else "has no camera"
        raise UserError("no_camera", f"{slug} {has}.", "Add it to cameras.toml on the device, then restart the agent.", 422)
    photo_id = uuid.uuid4()
    PhotoTrace.record(photo_id, slug)
    remedy = "Check the camera, then try again."
    with _node_call(owner):
        photo = _ask_device(lambda: rules.use(owner, node, camera, str(photo_id)), "camera_failed", remedy)
    return create(owner, photo_id, slug, photo, CAMERA)


def invite(owner: AbstractBaseUser, slug: str) -> dict[str, str]:
    """The URL to which the owner's browser may upload a photo, and the ticket for `collect`. Raises UserError."""
    node = folders.device(slug)
    if not uploads.origin(node):
        raise UserError(
            "no_uploads",
            "%(device)s does not accept direct uploads.",
            "Upload the photo through the server.",
            422,
            {"device": slug},
        )
    photo_id = uuid.uuid4()
    PhotoTrace.record(photo_id, slug)
    with _node_call(owner):
        url = _ask_device(lambda: uploads.invite(node, str(photo_id)), "upload_failed", THROUGH_SERVER)
    return {"url": url, "ticket": TICKET.sign_object([owner.pk, slug, str(photo_id)])}


def collect(owner: AbstractBaseUser, slug: str, ticket: str) -> Photo:
    """The photo that was uploaded with this ticket, which is valid once. Raises UserError."""
    try:
        owner_id, device, photo_id = TICKET.unsign_object(ticket, max_age=TICKET_S)
    except signing.BadSignature:
        owner_id = device = photo_id = None
    if (owner_id, device) != (owner.pk, slug) or Photo.objects.filter(pk=photo_id).exists():
        raise UserError("bad_ticket", "This upload ticket is invalid or has expired.", "Choose the photo again.", 403)
    with _node_call(owner):
        photo = _ask_device(lambda: uploads.collect(slug, photo_id), "upload_failed", THROUGH_SERVER)
    return create(owner, uuid.UUID(photo_id), slug, photo, DIRECT)


THROUGH_SERVER = "Upload it through the server."


def _ask_device(ask: Callable[[], Reply], code: str, remedy: str) -> Reply:
    """The device's reply. A refusal is passed on in its own words."""
    try:
        return ask()
    except dispatch.StageFailed as error:
        if error.code == "shelf_full":
            raise UserError(
                "shelf_full", str(error), "Delete photos that you took or uploaded there, then try again.", 507
            ) from error
        raise UserError(code, str(error), remedy, 502) from error
    except dispatch.NodeGone as error:
        raise UserError("node_offline", str(error), "Start it, or ask about another photo.", 503) from error


def create(owner: AbstractBaseUser, photo_id: uuid.UUID, slug: str, photo: Kept, source: str) -> Photo:
    """The row of a photo that the device has now."""
    return Photo.objects.create(
        id=photo_id,
        digest=digests.NONE,
        owner=owner,
        width=photo.width,
        height=photo.height,
        bytes=photo.bytes,
        source_format=source,
        source_bytes=photo.bytes,
        notes=photo.notes,
        placed={slug: {"sizes": photo.sizes, "ready": {}}},
    )
