"""Albums: named sets of a person's photos. Each function sees only that person's own."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Q

from inference.models import ALBUM_NAME_CHARS, Album, Photo
from webapp.live.errors import UserError, not_found

MOST_ALBUMS = 500


@dataclass(frozen=True)
class AlbumSummary:
    id: UUID
    name: str
    photos: int


def summaries(owner: int) -> list[AlbumSummary]:
    """By name, with the number of photos that are shown."""
    shown = Count("photos", filter=Q(photos__hidden_at=None))
    albums = [AlbumSummary(row.pk, row.name, row.shown) for row in Album.objects.filter(owner=owner).annotate(shown=shown)]
    return sorted(albums, key=lambda album: album.name.casefold())


def own(owner: int, pk: UUID) -> Album:
    """Raises UserError."""
    album = Album.objects.filter(pk=pk, owner=owner).first()
    if album is None:
        raise not_found("album")
    return album


def create(owner: int, name: str) -> Album:
    """Raises UserError where the name is empty, too long or taken."""
    with transaction.atomic():
        _check_name(owner, name := " ".join(name.split()))
        if Album.objects.filter(owner=owner).count() >= MOST_ALBUMS:
            raise UserError(
                "too_many_albums",
                "You have %(count)s albums, which is the limit.",
                "Delete one that you no longer need.",
                409,
                {"count": MOST_ALBUMS},
            )
        return Album.objects.create(owner_id=owner, name=name)


def rename(album: Album, name: str) -> None:
    """Raises UserError, as `create`."""
    with transaction.atomic():
        _check_name(album.owner_id, name := " ".join(name.split()), album)
        album.name = name
        album.save(update_fields=["name"])


def change(album: Album, add: list[UUID], remove: list[UUID]) -> None:
    """Photos of others, and what is gone, are passed over."""
    album.photos.remove(*remove)
    album.photos.add(*Photo.visible.filter(owner=album.owner_id, pk__in=add))


def _check_name(owner: int, name: str, this: Album | None = None) -> None:
    """Within a transaction: the person's row is locked, so that two requests see each other."""
    get_user_model().objects.select_for_update(no_key=True).filter(pk=owner).values_list("pk").first()
    if not name:
        raise UserError("album_without_name", "The album has no name.", "Type one.", 422)
    if len(name) > ALBUM_NAME_CHARS:
        raise UserError(
            "album_name_too_long",
            "The name has %(count)s characters; the limit is %(limit)s.",
            "Shorten it.",
            422,
            {"count": len(name), "limit": ALBUM_NAME_CHARS},
        )
    others = Album.objects.filter(owner=owner).exclude(pk=this.pk if this else None).values_list("name", flat=True)
    if name.casefold() in {other.casefold() for other in others}:
        raise UserError("album_exists", "You have an album “%(name)s” already.", "Choose another name.", 409, {"name": name})
