"""What `manage.py ask FOLDER "QUESTION"` does: a batch over the photos of a folder, followed until it is done."""

import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import OutputWrapper

from inference.answering import cloud_queue
from inference.batches import control, creation, folder, summary
from inference.batches.models import ANSWERED, RUNNING, Batch, Item
from inference.engine import doubt
from inference.engine.doubt import Certainty
from inference.engine.photos.formats import ACCEPTED
from inference.models import Photo
from webapp.accounts.models import User
from webapp.csv_download import safe
from webapp.live.errors import UserError

COLUMNS = ("file", "answer", "confidence", "certainty", "route", "bytes", "ms")
NOT_NOW = folder.NOT_NOW
POLL_S, SHOWN_S, DEAD_S = 0.25, 2.0, 60.0
Named = Sequence[tuple[Path, Photo]]


class BadArguments(Exception):
    """The question cannot be asked as it was typed."""


class Output(Protocol):
    def write(self, msg: str) -> Any: ...


class Progress:
    """A line on stderr, at most every two seconds, and once at the end."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out, self._shown_at = out, 0.0

    def show(self, text: str, last: bool = False) -> None:
        if last or time.monotonic() - self._shown_at > SHOWN_S:
            self._shown_at = time.monotonic()
            self._out.write(text)


def check_running() -> None:
    """Raises UserError without a cloud worker."""
    if not cloud_queue.is_alive():
        raise UserError(
            "not_running", "No cloud worker is running.", "Start everything with `make run`, or run `manage.py doctor`."
        )


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
        creation.check_count(len(files))
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
    _follow(batch, progress)
    return _report(batch, place, photos, options, out, err)


def _store(owner: User, place: Path, files: Sequence[Path], progress: Progress, err: OutputWrapper) -> Named:
    read = 0

    def stored() -> None:
        nonlocal read
        read += 1
        progress.show(f"read {read} of {len(files)} files", last=read == len(files))

    return folder.store_all(owner, files, lambda file, why: _skipped(err, place, file, why), stored)


def _skipped(err: Output, place: Path, file: Path, why: str) -> None:
    err.write(f"skipped {_name(place, file)}: {why}")


def _follow(batch: Batch, progress: Progress) -> None:
    """Until it no longer runs. Raises UserError where no worker has been alive for a minute."""
    alive_at = time.monotonic()
    try:
        while (row := summary.read(batch.pk))["state"] == RUNNING:
            left = row["seconds_left"]
            expected = f", about {left:.0f} s left" if left else ""
            ended = row["total"] - row["counts"]["waiting"] - row["counts"]["running"]
            progress.show(f"answered {ended} of {row['total']}{expected}")
            time.sleep(POLL_S)
            if cloud_queue.is_alive():
                alive_at = time.monotonic()
            elif time.monotonic() - alive_at > DEAD_S:
                raise UserError(
                    "not_running", "The cloud worker has stopped.", f"The batch {batch.pk} resumes once one runs; see its page."
                )
    except KeyboardInterrupt:
        control.stop(batch)
        raise
    progress.show(f"answered {row['counts'][ANSWERED]} of {row['total']}", last=True)


def _report(batch: Batch, place: Path, photos: Named, options: dict[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    """Prints the answers in the order of the files, and on stderr why others failed."""
    names = {photo.pk: _name(place, file) for file, photo in photos}
    items = [(names[item.photo_id], item) for item in summary.items(batch) if item.photo_id in names]
    if options["csv"]:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([safe(value) for value in _row(name, item)] for name, item in items)
    else:
        for name, item in items:
            out.write(_line(name, item))
    if options["json"]:
        rows = [{"file": name, **summary.item_json(item)} for name, item in items]
        out.write(json.dumps({**summary.read(batch.pk), "items": rows}))
    failed = [(name, item) for name, item in items if item.state != ANSWERED]
    for name, item in failed:
        error = item.error or {"message": f"It is {item.state}.", "next": ""}
        err.write(f"failed {name}: {error['message']} {error['next']}".strip())
    return 1 if failed or len(items) < len(photos) else 0


def _row(name: str, item: Item) -> list[object]:
    return [name, item.answer, item.confidence, item.certainty, item.route, item.link_bytes, round(item.ms, 1)]


def _line(name: str, item: Item) -> str:
    if item.state != ANSWERED:
        return f"{name}: {item.state}"
    words = doubt.WORDS[Certainty(item.certainty)] if item.certainty else "Not rated"
    return f"{name}: {item.answer} [{words}, {item.route}, {item.link_bytes:,} bytes up, {item.ms:.0f} ms]"


def _name(place: Path, file: Path) -> str:
    return str(file.relative_to(place)) if place.is_dir() else file.name
