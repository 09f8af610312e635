"""Taking a photo with the camera of a device, to ask about it."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from inference import taken, tasks, turns

router = Router(tags=["chat"])


class Look(Schema):
    camera: str = Field(max_length=20)


@router.post("/{slug}/look/", response={201: dict[str, Any]})
def look(request: HttpRequest, slug: str, body: Look) -> tuple[int, dict[str, Any]]:
    """Take a photo on a device; it stays there until a question's route says otherwise, and the server never gets it."""
    photo = taken.take(request.user, slug, body.camera)
    tasks.send(tasks.prepare, str(photo.pk), slug)
    return 201, turns.photo_json(photo)
