"""From an upload to a stored Photo: spool it, read it in a process of its own, register it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from inference.engine.photos.decoders import Busy, PhotoDecoders
from inference.engine.photos.refusal import PhotoRefused
from inference.models import Photo
from inference.photos import digests, intake, quota
from webapp.live.errors import UserError
from webapp.live.outages import outage

SMALL_SIDE = 480  # pixels; twice the widest preview of the page
TOO_LARGE = ("photo_too_large", "photo_too_many_pixels")
BUSY = UserError("photos_busy", "Too many photos are being read at the moment.", "Try again in a few seconds.", 503)


@dataclass(frozen=True)
class Stored:
    photo: Photo
    is_new: bool  # else the person had this photo already, and it is that one


def store(owner: AbstractBaseUser, chunks: Iterable[bytes]) -> Photo:
    """As `add`, but always a photo of its own: of one that the person has already, a copy."""
    return _store(Photo(owner=owner), chunks, once=False).photo


def add(owner: AbstractBaseUser, chunks: Iterable[bytes], *, kept: bool = False) -> Stored:
    """Read an upload to its end (or to the limit), clean and store it. The same pixels are one photo of a person, however
    often they are uploaded. `kept`: into the library. Raises UserError with the reason of a refusal."""
    return _store(Photo(owner=owner, kept=kept), chunks, once=True)


def _store(photo: Photo, chunks: Iterable[bytes], once: bool) -> Stored:
    owner = photo.owner
    quota.check(owner.pk)
    with _incoming(photo) as (source, target, small):
        try:
            intake.spool(chunks, source, settings.PHOTO_MAX_BYTES)
            decoded = _decoders(settings.PHOTO_MAX_PIXELS, settings.PHOTO_DECODERS, settings.PHOTO_DECODE_S).read(
                str(source),
                str(target),
                max_side=settings.PHOTO_MAX_SIDE,
                small_target=str(small),
                small_side=SMALL_SIDE,
                who=str(owner.pk),
            )
            photo.digest = digests.of(target)
            if once and (same := quota.same_photo(photo)):
                return Stored(same, is_new=False)
            photo.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.replace(photo.path)
            small.replace(photo.small_path)
        except PhotoRefused as refusal:
            status = 413 if refusal.code in TOO_LARGE else 422
            raise UserError(refusal.code, refusal.message, refusal.next, status) from refusal
        except Busy as error:
            raise BUSY from error
        except OSError as error:
            _unlink(photo)
            if (explained := outage(error)) is not None:
                raise explained from error
            raise
    photo.width, photo.height, photo.bytes = decoded.width, decoded.height, decoded.bytes
    photo.source_format, photo.source_bytes = decoded.source_format, decoded.source_bytes
    photo.notes = list(decoded.notes)
    try:
        same = quota.save(photo, once)  # last: a row always has its files
    finally:
        if photo._state.adding:
            _unlink(photo)
    return Stored(same or photo, is_new=same is None)


def forget(photo: Photo) -> None:
    """Delete a photo that no turn refers to, here and on nodes (inference/photos/erasure.py)."""
    photo.delete()


@contextmanager
def _incoming(photo: Photo) -> Iterator[tuple[Path, Path, Path]]:
    """Files for the upload, the clean photo and its preview. Whatever is left of them goes."""
    folder = Path(settings.PHOTO_DIR).with_name("incoming")  # of the same file system, so that a file moves at once
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    upload, clean, small = files = tuple(folder / f"{photo.pk}{ending}" for ending in ("", ".jpg", ".small.jpg"))
    try:
        yield upload, clean, small
    finally:
        for file in files:
            file.unlink(missing_ok=True)


@cache
def _decoders(max_pixels: int, processes: int, seconds: float) -> PhotoDecoders:
    """One set for this process, started when the first photo comes."""
    return PhotoDecoders(max_pixels, processes=processes, seconds=seconds)


def _unlink(photo: Photo) -> None:
    for path in (photo.path, photo.small_path):
        path.unlink(missing_ok=True)
