"""How many bytes of photos one person may have on the server. Exact, also for uploads that arrive at once.

Photos that only a device has are not counted: the shelf of the device is bounded by itself (inference.stages.photo_shelf).
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_noop

from inference.models import ON_DEVICES, Photo, slot_of
from inference.photos import keeping
from webapp.languages import lazy_number
from webapp.live.errors import UserError

MB = 1_000_000


@dataclass(frozen=True)
class Storage:
    """Bytes."""

    used: int
    limit: int


def of(owner: int) -> Storage:
    own = get_user_model().objects.filter(pk=owner).values_list("storage_limit_mb", flat=True).first()
    stored = Photo.objects.filter(owner=owner).exclude(source_format__in=ON_DEVICES)
    return Storage(stored.aggregate(sum=Sum("bytes"))["sum"] or 0, MB * (settings.STORAGE_MB if own is None else own))


def check(owner: int) -> None:
    """Raise UserError where nothing more fits, before an upload is read."""
    storage = of(owner)
    if storage.used >= storage.limit:
        raise _full(storage)


def save(photo: Photo, once: bool = False) -> Photo | None:
    """Add the row of a stored photo. Raises UserError where it does not fit. With `once`, where the person has the same
    photo already, that one is returned and none added.

    The owner's row is locked, so that two uploads count each other. SQLite has no row locks and needs none: a transaction
    holds the whole database for writing.
    """
    with transaction.atomic():
        get_user_model().objects.select_for_update(no_key=True).filter(pk=photo.owner_id).values_list("pk").first()
        if once and (same := same_photo(photo)):
            return same
        storage = of(photo.owner_id)
        if storage.used + photo.bytes > storage.limit:
            raise _full(storage, photo.bytes)
        photo.save(force_insert=True)
    return None


def same_photo(photo: Photo) -> Photo | None:
    """The person's photo with the same digest, as if it had been uploaded now: it is shown again if it was just deleted,
    stays as long as a new one would, and goes into the library with it."""
    rows = Photo.objects.filter(owner=photo.owner_id, digest=photo.digest)
    pk = rows.order_by("created").values_list("pk", flat=True).first()
    if pk is None:
        return None
    changes = {"hidden_at": None, **({"kept": True} if photo.kept else {})}
    rows.filter(pk=pk).update(**changes)
    keeping.unused().filter(pk=pk).update(created=photo.created, slot=slot_of(photo.created))
    return rows.filter(pk=pk).first()  # none if it was erased at this moment


def _full(storage: Storage, size: int = 0) -> UserError:
    sentence = (
        gettext_noop("Your photos use %(used)s MB of your %(limit)s MB, and this one needs %(size)s MB more.")
        if size
        else gettext_noop("Your photos use %(used)s MB of your %(limit)s MB.")
    )
    return UserError(
        "storage_full",
        sentence,
        "Delete photos or conversations that you no longer need. A minute later, upload it again.",
        507,
        {
            "used": lazy_number(storage.used / MB, 1),
            "limit": lazy_number(storage.limit / MB, 0),
            "size": lazy_number(size / MB, 1),
        },
    )
