"""What the library says about a photo: a row of the grid, and everything that is known about one."""

from datetime import timedelta
from typing import TypedDict

from django.db.models import Q

from inference.models import FolderPhoto, Photo, QuestionPhoto, Turn
from inference.photos import keeping, question_photos
from inference.watches.events import keeping as keeping_of_events
from inference.watches.events.keeping import TakenJson
from webapp.chat.models import Conversation
from webapp.live.moments import iso
from webapp.ops.retention import periods


class RowJson(TypedDict):
    id: str
    url: str
    width: int
    height: int
    created: str
    favourite: bool
    on_server: bool
    devices: list[str]


class ConversationJson(TypedDict):
    id: str
    title: str
    questions: int


def row(photo: Photo) -> RowJson:
    return {
        "id": str(photo.pk),
        "url": f"/photos/{photo.pk}/",
        "width": photo.width,
        "height": photo.height,
        "created": iso(photo.created),
        "favourite": photo.favourite,
        "on_server": not photo.on_device_alone,
        "devices": sorted(photo.placed) or [home for home in [photo.home] if home],
    }


class FileJson(TypedDict):
    device: str
    folder: str
    name: str


class DetailsJson(RowJson):
    file: FileJson | None
    bytes: int
    notes: list[str]
    albums: list[str]
    conversations: list[ConversationJson]
    expires: str | None
    taken: TakenJson | None


def details(photo: Photo) -> DetailsJson:
    asked = conversations(photo)
    days = periods.chosen()["unused_photos"]
    expires = days is not None and not asked and keeping.unused().filter(pk=photo.pk).exists()
    return {
        **row(photo),
        "file": _file(photo),
        "bytes": photo.bytes,
        "notes": question_photos.photo_json(photo)["notes"],
        "albums": [str(pk) for pk in photo.albums.values_list("pk", flat=True)],
        "conversations": asked,
        "expires": iso(photo.created + timedelta(days=days)) if expires and days else None,
        "taken": keeping_of_events.taken(photo),
    }


def _file(photo: Photo) -> FileJson | None:
    file = FolderPhoto.objects.filter(photo=photo).first()
    return {"device": file.node, "folder": file.folder, "name": file.name} if file else None


def conversations(photo: Photo) -> list[ConversationJson]:
    """Those with a question about it, the latest question first."""
    own = Turn.objects.filter(owner=photo.owner_id)
    beside = QuestionPhoto.objects.filter(photo=photo).values("turn")
    questions = own.filter(Q(photo=photo) | Q(pk__in=beside)).order_by("-created")
    counts: dict[str, int] = {}
    for pk in questions.values_list("conversation", flat=True):
        counts[str(pk)] = counts.get(str(pk), 0) + 1
    titles = {str(each.pk): str(each) for each in Conversation.objects.filter(pk__in=list(counts), owner=photo.owner_id)}
    return [{"id": pk, "title": titles[pk], "questions": count} for pk, count in counts.items() if pk in titles]
