"""Photos that a device alone holds: taken with its camera, or handed to it by a browser in its network."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from inference.answering import cloud_queue, turns
from inference.models import Photo
from inference.photos import device_photos

router = Router(tags=["chat"])


class Look(Schema):
    camera: str = Field(max_length=20)


class Upload(Schema):
    ticket: str = Field(max_length=400)


@router.post("/{slug}/look/", response={201: dict[str, Any]})
def look(request: HttpRequest, slug: str, body: Look) -> tuple[int, dict[str, Any]]:
    """Take a photo on a device; it stays there until a question's route says otherwise, and the server never gets it."""
    return _ready(device_photos.take(request.user, slug, body.camera), slug)


@router.post("/{slug}/upload/", response={201: dict[str, Any]})
def invite(request: HttpRequest, slug: str) -> tuple[int, dict[str, Any]]:
    """Begin an upload straight to a device: PUT the photo (JPEG, PNG or WebP) to `url`, within a minute and from the
    device's own network, then POST `ticket` to `…/upload/done/`. The server never gets the photo."""
    return 201, device_photos.invite(request.user, slug)


@router.post("/{slug}/upload/done/", response={201: dict[str, Any]})
def collect(request: HttpRequest, slug: str, body: Upload) -> tuple[int, dict[str, Any]]:
    """End an upload straight to a device: it keeps the photo, upright and without metadata."""
    return _ready(device_photos.collect(request.user, slug, body.ticket), slug)


def _ready(photo: Photo, slug: str) -> tuple[int, dict[str, Any]]:
    cloud_queue.prepare(str(photo.pk), slug)
    return 201, turns.photo_json(photo)
