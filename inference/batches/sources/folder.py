"""A folder of photos on this machine: which files it has, and storing them for a batch."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser

from inference.models import Photo
from inference.photos import store
from webapp.live.errors import UserError

CHUNK = 65536
NOT_NOW = (429, 503, 507)  # statuses of a refusal that is not about the file


def files_of(place: Path, recursive: bool) -> list[Path]:
    """Every file of a folder in the order of their names, without hidden ones; a file alone is itself. Raises OSError."""
    if not place.is_dir():
        return [place]
    entries = place.rglob("*") if recursive else place.iterdir()
    inside = [file for file in entries if not any(part.startswith(".") for part in file.relative_to(place).parts)]
    return sorted(file for file in inside if file.is_file())


def store_all(
    owner: AbstractBaseUser, files: Iterable[Path], skipped: Callable[[Path, str], None], stored: Callable[[], None]
) -> list[tuple[Path, Photo]]:
    """Store what is a photo; `skipped` is called with any other file and why. Raises UserError where nothing can be stored
    now, without leaving a photo behind."""
    photos: list[tuple[Path, Photo]] = []
    try:
        for file in files:
            try:
                photos.append((file, store.store(owner, _chunks(file))))
            except OSError as error:
                skipped(file, f"It cannot be read: {error.strerror}.")
            except UserError as error:
                if error.status in NOT_NOW:
                    raise
                skipped(file, str(error))
            stored()
    except BaseException:
        forget(photos)
        raise
    return photos


def forget(photos: Iterable[tuple[Path, Photo]]) -> None:
    for _, photo in photos:
        store.forget(photo)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as handle:
        yield from iter(lambda: handle.read(CHUNK), b"")
