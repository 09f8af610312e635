"""Photos that are files of a device's folder. Each is read when a question about it begins, and again where the device has
dropped its copy; the server has a row about it and none of its bytes.
"""

import uuid
from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from typing_extensions import TypedDict

from devices import dispatch
from devices.calls import redis_outage
from devices.camera_access import folders
from devices.contract.results import FolderFile, Kept
from inference.agreement import known_profiles
from inference.models import FOLDER, FolderPhoto, Photo, PhotoTrace, Turn
from inference.photos import placed
from inference.photos.on_device import device_photos
from inference.photos.placed import Placed
from webapp.live.errors import UserError

MOST_OUTAGES = 5  # of Redis, while one file is read
GONE = UserError("photo_gone", "The photo was deleted.", "Make a new batch with another photo.", 404)


class FileOfTurn(TypedDict):
    """A file by which a question names its photo: `Turn.file`."""

    node: str
    folder: str
    name: str
    bytes: int
    modified: float


def attach(turn: Turn) -> None:
    """Give a question, whose plan was made before, the photo that it names by a file. Raises UserError."""
    if turn.file is None or turn.photo is not None:
        return
    turn.photo = photo_of(turn.owner, turn.file, [step["task"] for step in turn.given_plan["steps"]])
    Turn.objects.filter(pk=turn.pk).update(photo=turn.photo)


def photo_of(owner: AbstractBaseUser, file: FileOfTurn, tasks: Sequence[str] = ()) -> Photo:
    """The person's photo of this file: the one that they have of it, or a new one, which the device reads now. Raises
    UserError."""
    node = folders.device(file["node"])
    folders.check(owner, node, file["folder"])
    known = FolderPhoto.objects.filter(**file, photo__owner=owner).select_related("photo").first()
    if known is not None:
        if known.photo.hidden_at:
            raise GONE
        return known.photo
    models = str((node.profile or {}).get("name", ""))
    measured = sorted({*tasks, *known_profiles.unchanged(models).on_towers}) if models and tasks else []
    photo_id = uuid.uuid4()
    PhotoTrace.record(photo_id, node.slug)
    photo = _read(file, photo_id, measured)
    with transaction.atomic():
        row = device_photos.create(owner, photo_id, node.slug, photo, FOLDER)
        FolderPhoto.objects.create(photo=row, **file)
    if measured:
        entry: Placed = {"sizes": photo.sizes, "ready": {}, "profile": models, "tasks": measured}
        placed.change(row, node.slug, lambda _: entry)
    return row


def read_again(photo: Photo, tasks: Sequence[str]) -> Kept | None:
    """Have its device read the file of a photo again; None of a photo that is no file. Raises UserError, and what dispatch.call
    raises."""
    row = FolderPhoto.objects.filter(photo=photo).first()
    if row is None:
        return None
    folders.check(photo.owner, folders.device(row.node), row.folder)
    PhotoTrace.record(photo.pk, row.node)
    file = FolderFile(name=row.name, bytes=row.bytes, modified=row.modified)
    return folders.read(row.node, row.folder, file, str(photo.pk), tasks)


def _read(file: FileOfTurn, photo_id: uuid.UUID, tasks: Sequence[str]) -> Kept:
    redis_outage.watch()
    for _ in range(MOST_OUTAGES):
        try:
            return folders.read(file["node"], file["folder"], FolderFile.model_validate(file), str(photo_id), tasks)
        except (dispatch.StageFailed, dispatch.NodeGone) as error:
            if redis_outage.explains(error):
                redis_outage.wait_until_over(lambda: False)
                continue
            if isinstance(error, dispatch.StageFailed):
                raise UserError(error.code, str(error), "Try again in a moment.", 502) from error
            raise UserError("node_offline", str(error), "Start it, then try again.", 503) from error
    raise redis_outage.REDIS_AWAY
