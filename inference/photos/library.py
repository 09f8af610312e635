"""A person's photos in the order of the library, newest first: filtered, counted, read in pages that start at a photo."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from inference.models import Photo, Turn, slot_of
from webapp.live.errors import UserError
from webapp.live.moments import iso

NEWEST_FIRST = ("-slot", "-created", "-id")


@dataclass(frozen=True)
class Filters:
    """What is shown; everything by default. `since` and `until` bound the moment a photo was added, `until` exclusive."""

    favourites: bool = False
    unasked: bool = False
    album: UUID | None = None
    conversation: UUID | None = None
    device: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Cursor:
    """The place behind one photo. Without an id, the place before everything older than a moment."""

    created: datetime
    photo: UUID | None = None

    def __str__(self) -> str:
        return f"{iso(self.created)}_{self.photo}" if self.photo else iso(self.created)

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises UserError."""
        moment, _, photo = text.partition("_")
        try:
            created = datetime.fromisoformat(moment)
            cursor = cls(created, UUID(photo) if photo else None)
        except ValueError:
            created = None
        if created is None or created.tzinfo is None:
            raise UserError(
                "bad_cursor", "This is no place in the list of photos.", "Send `next` of the page before, or a moment.", 422
            )
        return cursor


def rows(owner: int, filters: Filters) -> QuerySet[Photo]:
    """An album, a conversation or a device that does not exist, or is somebody else's, has none of them."""
    photos = Photo.visible.filter(owner=owner)
    if filters.favourites:
        photos = photos.filter(favourite=True)
    if filters.unasked:
        photos = photos.filter(turn=None, question_photos=None)
    if filters.album:
        photos = photos.filter(albums=filters.album, albums__owner=owner)
    if filters.conversation:
        turns = Turn.objects.filter(conversation=filters.conversation, owner=owner)
        photos = photos.filter(Q(pk__in=turns.values("photo")) | Q(pk__in=turns.values("other_photos__photo")))
    if filters.device:
        photos = photos.filter(placed__has_key=filters.device)
    if filters.since:
        photos = photos.filter(slot__gte=slot_of(filters.since), created__gte=filters.since)
    if filters.until:
        photos = photos.filter(slot__lte=slot_of(filters.until), created__lt=filters.until)
    return photos


def count_by_slot(photos: QuerySet[Photo]) -> list[tuple[int, int]]:
    """(quarter of an hour since 1970, photos in it), newest first. Quarters and not days: a page knows its time zone, and
    can begin to read at any of them."""
    return list(photos.order_by("-slot").values_list("slot").annotate(n=Count("*")))


def read_page(photos: QuerySet[Photo], before: Cursor | None, limit: int) -> tuple[list[Photo], Cursor | None]:
    """Photos behind a place, and the place behind them; None at the end. Reads nothing that comes before."""
    if before is not None:
        older = Q(created__lt=before.created)
        if before.photo:
            older |= Q(created=before.created, pk__lt=before.photo)
        photos = photos.filter(older, slot__lte=slot_of(before.created))
    page = list(photos.order_by(*NEWEST_FIRST)[: limit + 1])
    if len(page) <= limit:
        return page, None
    return page[:limit], Cursor(page[limit - 1].created, page[limit - 1].pk)


def own(owner: int, pk: UUID) -> Photo | None:
    return Photo.visible.filter(pk=pk, owner=owner).first()


def present(owner: int, photos: list[UUID]) -> list[UUID]:
    """Those of them that the person still has."""
    return list(Photo.visible.filter(owner=owner, pk__in=photos).values_list("pk", flat=True))


def mark_favourites(owner: int, photos: list[UUID], favourite: bool) -> list[UUID]:
    """Returns the photos that are so now; those of others are passed over."""
    Photo.visible.filter(owner=owner, pk__in=photos).update(favourite=favourite)
    return present(owner, photos)


def keep(owner: int, photos: list[UUID]) -> list[UUID]:
    """No rule of retention deletes them from now on."""
    Photo.visible.filter(owner=owner, pk__in=photos).update(kept=True)
    return present(owner, photos)
