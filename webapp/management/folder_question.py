"""What `manage.py ask FOLDER "QUESTION"` does: a batch over the photos of a folder, followed until it is done."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper

from inference.batches import creation
from inference.batches.sources import folder, limit
from inference.engine.photos.formats import ACCEPTED
from inference.models import Photo
from webapp.accounts.models import User
from webapp.live.errors import UserError
from webapp.management.batch_report import BadArguments, Output, Progress, check_running, follow, report

NOT_NOW = folder.NOT_NOW
Named = Sequence[tuple[Path, Photo]]


def ask_folder(options: dict[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    """The exit status."""
    try:
        return _ask(options, out, err)
    except BadArguments as error:
        err.write(str(error))
        return 2
    except UserError as error:
        err.write(f"{error} {error.next}")
        return 1


def _ask(options: dict[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    check_running()
    place, progress = options["photo"], Progress(err)
    try:
        files = folder.files_of(place, options["recursive"])
    except OSError as error:
        raise BadArguments(f"{place} cannot be read: {error.strerror}.") from error
    owner = User.objects.shell()
    try:
        limit.check_count(len(files))
        wanted = {"policy": options["policy"], "route": options["route"] or "", "node": options["node"]}
        batch = creation.prepare(owner, options["question"], **wanted, fresh=options["fresh"])
    except UserError as error:
        if error.status in NOT_NOW:
            raise
        raise BadArguments(f"{place} has no files." if error.code == "no_photos" else f"{error} {error.next}") from error
    photos = _store(owner, place, files, progress, err)
    if not photos:
        raise BadArguments(f"{place} has no photo: {ACCEPTED}.")
    try:
        creation.start(batch, [photo for _, photo in photos])
    except UserError:
        folder.forget(photos)
        raise
    follow(batch, progress)
    return report(batch, "file", {number: _name(place, file) for number, (file, _) in enumerate(photos, 1)}, options, out, err)


def _store(owner: User, place: Path, files: Sequence[Path], progress: Progress, err: OutputWrapper) -> Named:
    read = 0

    def stored() -> None:
        nonlocal read
        read += 1
        progress.show(f"read {read} of {len(files)} files", last=read == len(files))

    return folder.store_all(owner, files, lambda file, why: _skipped(err, place, file, why), stored)


def _skipped(err: Output, place: Path, file: Path, why: str) -> None:
    err.write(f"skipped {_name(place, file)}: {why}")


def _name(place: Path, file: Path) -> str:
    return str(file.relative_to(place)) if place.is_dir() else file.name
