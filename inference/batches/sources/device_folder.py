"""The photos in a folder of a device. They stay there: a batch has the names of their files, and each is read there when its
turn comes. While the device cannot be asked, the batch waits for it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from django.utils.translation import gettext_noop

from devices.camera_access import folders
from devices.camera_access.folders import Listing
from devices.contract.results import FolderFile
from devices.models import Node
from devices.telemetry import presence
from inference.batches.models import Batch
from inference.batches.sources import limit
from inference.models import Step, Turn
from inference.photos.on_device.folder_photos import FileOfTurn
from inference.placement import fleet
from webapp.accounts import audit
from webapp.live.errors import UserError

FEWER_DAYS = gettext_noop("Narrow it down by the dates of the files, and make several batches.")
NONE = (
    gettext_noop("There are no photos in %(folder)s on %(device)s."),
    gettext_noop("Put photos into it, or choose another folder."),
)
NONE_OF_THESE_DAYS = (
    gettext_noop("There are no photos of these days in %(folder)s on %(device)s."),
    gettext_noop("Choose other days."),
)
MOST_RETURNS = 5  # of one photo, each time that its device went away meanwhile; then it fails


@dataclass(frozen=True)
class DeviceFolder:
    """The files that were changed at `since` or later, and before `until`."""

    device: str
    folder: str
    since: datetime | None = None
    until: datetime | None = None


def listing(person: AbstractBaseUser, source: DeviceFolder) -> Listing:
    """What is in it now; no files where there are more than a batch may have. Raises UserError."""
    since, until = (moment.timestamp() if moment else None for moment in (source.since, source.until))
    node = folders.device(source.device)
    return folders.listing(person, node, source.folder, since, until, settings.BATCH_PHOTOS)


def files(person: AbstractBaseUser, source: DeviceFolder) -> list[FolderFile]:
    """All of them, the newest first. Raises UserError where there is none, or more than fit into a batch."""
    listed = listing(person, source)
    if not listed.total:
        message, remedy = NONE_OF_THESE_DAYS if source.since or source.until else NONE
        raise UserError("folder_empty", message, remedy, 422, {"folder": source.folder, "device": source.device})
    limit.check_count(listed.total, FEWER_DAYS)
    return list(listed.files)


def record(person: AbstractBaseUser, batch: Batch, count: int) -> None:
    audit.record(person, "folder asked about", f"camera:{batch.device}/{batch.folder}", f"batch {batch.pk}, {count} photos")


def file_of_turn(batch: Batch, file: dict[str, object]) -> FileOfTurn:
    return {"node": batch.device, "folder": batch.folder, **file}  # type: ignore[typeddict-item]


def must_wait(batch: Batch) -> bool:
    """Whether its device cannot be asked now, and may be again."""
    node = _node(batch)
    return node is not None and not presence.usable(node, timezone.now())


def went_away(batch: Batch, turn: Turn) -> bool:
    """Whether its device was away while the turn was answered; by the time that it is looked at, it may be back."""
    node = _node(batch)
    if node is None:
        return False
    is_refused = Step.objects.filter(turn=turn, error__code=fleet.OFFLINE).exists()
    return is_refused or not presence.usable(node, timezone.now())


def _node(batch: Batch) -> Node | None:
    return Node.objects.filter(slug=batch.device, revoked_at=None).first() if batch.device else None
