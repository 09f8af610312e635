"""The photos of one question: stored with it, and as the API and the pages have them."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

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
    """As the API describes it, too."""

    id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    url: Annotated[str, Field(description="The image, for a browser with a session.", examples=["/photos/6f1f…/"])]
    width: Annotated[int, Field(description="Pixels.", examples=[2048])]
    height: Annotated[int, Field(description="Pixels.", examples=[1365])]
    bytes: Annotated[int, Field(description="Size of the file as it is stored.", examples=[412_345])]
    on_server: Annotated[bool, Field(description="False: only a device has the file.")]
    device: Annotated[str | None, Field(description="That device, or null.", examples=[None])]
    notes: Annotated[
        list[str], Field(description="What a person should know about it.", examples=[["The photo is almost one colour."]])
    ]


class QuestionPhotoJson(PhotoJson):
    number: Annotated[
        int, Field(description="1 is the first photo of the question; a photo that was deleted keeps its number.")
    ]


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
