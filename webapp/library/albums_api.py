"""Albums over HTTP."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from inference.models import Album
from inference.photos import albums
from webapp.library.schemas import AlbumChange, AlbumName, Albums, LibraryAlbum
from webapp.live.http import change, operation

router = Router(tags=["library"])
NO_ALBUM = {404: "`not_found`: no such album of yours."}
NAMES = {409: "`album_exists`: you have one of that name.", 422: "`album_without_name`, `album_name_too_long`."}


@router.get("/albums", **operation("read_albums", "List your albums", {200: Albums}))
def read_albums(request: HttpRequest) -> Albums:
    return Albums(items=[LibraryAlbum.model_validate(vars(album)) for album in albums.summaries(_person(request))])


@router.post(
    "/albums",
    **change("create_album", "Create an album", {201: LibraryAlbum}, {**NAMES, 409: f"{NAMES[409]} `too_many_albums`."}),
)
def create_album(request: HttpRequest, body: AlbumName) -> Status[LibraryAlbum]:
    return Status(201, _schema(albums.create(_person(request), body.name)))


@router.patch("/albums/{uuid:album}", **change("rename_album", "Rename an album", {200: LibraryAlbum}, {**NO_ALBUM, **NAMES}))
def rename_album(request: HttpRequest, album: UUID, body: AlbumName) -> LibraryAlbum:
    row = albums.own(_person(request), album)
    albums.rename(row, body.name)
    return _schema(row)


@router.delete("/albums/{uuid:album}", **change("delete_album", "Delete an album", {204: None}, NO_ALBUM))
def delete_album(request: HttpRequest, album: UUID) -> Status[None]:
    """Its photos stay."""
    albums.own(_person(request), album).delete()
    return Status(204, None)


@router.post(
    "/albums/{uuid:album}/photos",
    **change("change_album", "Add photos to an album, and remove others", {200: LibraryAlbum}, NO_ALBUM),
)
def change_album(request: HttpRequest, album: UUID, body: AlbumChange) -> LibraryAlbum:
    """What is not yours, or is gone, is passed over."""
    row = albums.own(_person(request), album)
    albums.change(row, body.add, body.remove)
    return _schema(row)


def _schema(row: Album) -> LibraryAlbum:
    return LibraryAlbum(id=row.pk, name=row.name, photos=row.photos.filter(hidden_at=None).count())


def _person(request: HttpRequest) -> int:
    return int(request.user.pk or 0)
