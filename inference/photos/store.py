"""From an upload to a stored Photo: clean it, write it, register it."""

import io
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from PIL import Image

from inference.answering import cloud_queue
from inference.models import Photo
from inference.photos.intake import CleanPhoto, PhotoRefused, receive
from webapp.live.errors import UserError

SMALL_SIDE = 480  # pixels; twice the widest preview of the page


def store(owner: AbstractBaseUser, chunks: Iterable[bytes]) -> Photo:
    """Read an upload to its end (or to the limit), clean and store it. Raises UserError with the reason of a refusal."""
    try:
        clean = receive(
            chunks,
            max_bytes=settings.PHOTO_MAX_BYTES,
            max_pixels=settings.PHOTO_MAX_PIXELS,
            max_side=settings.PHOTO_MAX_SIDE,
        )
    except PhotoRefused as refusal:
        status = 413 if refusal.code in {"photo_too_large", "photo_too_many_pixels"} else 422
        raise UserError(refusal.code, refusal.message, refusal.next, status) from refusal
    photo = Photo(
        owner=owner,
        width=clean.width,
        height=clean.height,
        bytes=len(clean.data),
        source_format=clean.source_format,
        source_bytes=clean.source_bytes,
    )
    Path(settings.PHOTO_DIR).mkdir(parents=True, exist_ok=True)
    _write(photo.path, clean.data)
    _write(photo.small_path, _small(clean))
    photo.save(force_insert=True)  # last: a row always has its files
    return photo


def forget(photo: Photo) -> None:
    """Delete the row and the files of a photo that no turn refers to, and have nodes delete their copies."""
    name, paths = str(photo.pk), (photo.path, photo.small_path)
    photo.delete()
    for path in paths:
        path.unlink(missing_ok=True)
    if photo.placed:
        cloud_queue.forget(name, list(photo.placed), photo.owner_id)


def _small(clean: CleanPhoto) -> bytes:
    with Image.open(io.BytesIO(clean.data), formats=["JPEG"]) as image:
        image.draft("RGB", (SMALL_SIDE, SMALL_SIDE))
        image.thumbnail((SMALL_SIDE, SMALL_SIDE))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def _write(path: Path, data: bytes) -> None:
    """Atomic write."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
