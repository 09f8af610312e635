"""The photos of one question: stored with it, and as the API and the pages have them."""

from collections.abc import Sequence
from typing import TypedDict

from inference.models import Photo, QuestionPhoto, Turn
from inference.photos.earlier import photos_of


def add(turn: Turn, others: Sequence[Photo]) -> None:
    """The photos of a new turn before its last one."""
    if others:
        rows = [QuestionPhoto(turn=turn, photo=other, position=number) for number, other in enumerate(others, 1)]
        QuestionPhoto.objects.bulk_create(rows)
        turn.others = len(rows)
        Turn.objects.filter(pk=turn.pk).update(others=turn.others)


class PhotoJson(TypedDict):
    id: str
    url: str
    width: int
    height: int
    bytes: int
    on_server: bool
    device: str | None
    notes: list[str]


class QuestionPhotoJson(PhotoJson):
    number: int


def photos_json(turn: Turn) -> list[QuestionPhotoJson]:
    """The photos of the question that still exist, each with its number."""
    shown = [(number, photo) for number, photo in enumerate(photos_of(turn), 1) if photo and not photo.hidden_at]
    return [{**photo_json(photo), "number": number} for number, photo in shown]


def photo_json(photo: Photo) -> PhotoJson:
    return {
        "id": str(photo.pk),
        "url": f"/photos/{photo.pk}/",
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.bytes,
        "on_server": not photo.on_device_alone,
        "device": photo.home,
        "notes": [note.upload for note in photo.remarkable],
    }
