"""What is known about a photo on the devices that have it: `Photo.placed`."""

from collections.abc import Callable
from typing import NotRequired

from django.db import transaction
from django.utils import timezone
from typing_extensions import TypedDict

from inference.models import Photo, PhotoTrace


class Placed(TypedDict):
    """What is known about a photo on one device."""

    sizes: dict[str, int]  # bytes by photo encoding
    ready: dict[str, list[int]]  # by task, split points whose head is in the device's cache
    profile: NotRequired[str]  # the models that both are about
    tasks: NotRequired[list[str]]  # whose encodings were measured; without it, all


def entry_of(photo: Photo, device: str) -> Placed:
    """Rows of earlier versions have the sizes alone."""
    stored = photo.placed.get(device) or {}
    if "sizes" not in stored:
        return {"sizes": stored, "ready": {}}
    entry: Placed = {"sizes": stored["sizes"], "ready": stored["ready"]}
    for name in ("profile", "tasks"):
        if name in stored:
            entry[name] = stored[name]  # type: ignore[literal-required]
    return entry


def change(photo: Photo, device: str, new: Callable[[Placed | None], Placed | None]) -> None:
    """Change the entry of one device without losing concurrent changes to another. None removes it."""
    with transaction.atomic():
        row = Photo.objects.select_for_update().filter(pk=photo.pk).first()
        if row is None:  # deleted in the meantime: what arrived after that goes too
            PhotoTrace.objects.filter(photo=photo.pk).update(deleted=timezone.now())
            return
        entry = new(entry_of(row, device) if device in row.placed else None)
        row.placed.pop(device, None)
        photo.placed = {**row.placed, device: entry} if entry else row.placed
        Photo.objects.filter(pk=photo.pk).update(placed=photo.placed)
