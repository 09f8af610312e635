"""Which photos a job may use: those in the data folder of this machine, or, if they say so, of the person who starts it."""

import os
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from inference.model_jobs.tables import ModelJob
from inference.models import Photo
from webapp.live.errors import UserError

DATA, OWN = "data", "own"
SOURCES = (DATA, OWN)
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
LEAST, MOST = 15, 60  # photos; two questions about each of the fewest are as many answers as placement asks for
FILES_READ = 20_000  # looked at in the data folder
COUNT_S = 60.0


def check(job: ModelJob) -> None:
    """Raises UserError."""
    if job.photos not in SOURCES:
        raise UserError(
            "no_photos_chosen", "This needs photos, and none were chosen.", f"Choose the photos: {' or '.join(SOURCES)}.", 422
        )
    if (count := len(files(job))) < LEAST:
        where = "you have on the server" if job.photos == OWN else f"there are in {data_folder()}"
        raise UserError(
            "too_few_photos",
            f"This needs {LEAST} photos at least; {count} {where}.",
            "Add some, or choose the other photos.",
            409,
        )


def files(job: ModelJob) -> list[Path]:
    """An even sample, the same at every call as long as the photos are."""
    return _even(_own(job) if job.photos == OWN else _in_data_folder())


def data_folder() -> Path:
    return Path(os.environ.get("ISTHMUS_DATA", "var/data"))


def count(photos: str, owner: object) -> int:
    """How many there are, for the page, which asks often; the data folder is looked through once a minute."""
    if photos == DATA:
        return _count_data(int(time.monotonic() // COUNT_S))
    return len(files(ModelJob(photos=photos, owner=owner)))  # type: ignore[misc]


@lru_cache(maxsize=1)
def _count_data(minute: int) -> int:
    return len(_even(_in_data_folder()))


def _own(job: ModelJob) -> list[Path]:
    rows = Photo.visible.filter(owner=job.owner_id).order_by("created")
    return [photo.path for photo in rows if not photo.on_device_alone and photo.path.exists()]


def _in_data_folder() -> list[Path]:
    root, found = data_folder(), []
    for place in (root / "photos", root):  # ordinary photos first; the sets for training otherwise
        for number, file in enumerate(place.rglob("*")):
            if number > FILES_READ:
                break
            if file.suffix.lower() in ENDINGS:
                found.append(file)
        if len(found) >= LEAST:
            return sorted(found)
    return sorted(found)


def _even(photos: Sequence[Path]) -> list[Path]:
    if len(photos) <= MOST:
        return list(photos)
    return [photos[number * len(photos) // MOST] for number in range(MOST)]
