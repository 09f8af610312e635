"""A batch that is asked from the shell: followed until it is done, and its answers printed."""

import csv
import json
import time
from collections.abc import Mapping
from typing import Any, Protocol

from django.core.management.base import OutputWrapper

from inference.answering import cloud_queue
from inference.batches import control, summary
from inference.batches.models import ANSWERED, RUNNING, Batch, Item
from inference.engine import doubt
from inference.engine.doubt import Certainty
from webapp.csv_download import safe
from webapp.live.errors import UserError

COLUMNS = ("answer", "confidence", "certainty", "route", "bytes", "ms")  # behind the photo's name
POLL_S, SHOWN_S, DEAD_S = 0.25, 2.0, 60.0


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


def follow(batch: Batch, progress: Progress) -> None:
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


def report(
    batch: Batch, column: str, names: Mapping[int, str], options: dict[str, Any], out: OutputWrapper, err: OutputWrapper
) -> int:
    """Prints the answers in the order of the batch, and on stderr why others failed. `names`: of its photos by their
    numbers, shown in `column`. Returns the exit status."""
    items = [(names[item.number], item) for item in summary.items(batch) if item.photo_id or item.file]
    if options["csv"]:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow((column, *COLUMNS))
        writer.writerows([safe(value) for value in _row(name, item)] for name, item in items)
    else:
        for name, item in items:
            out.write(_line(name, item))
    if options["json"]:
        rows = [{column: name, **summary.item_json(item)} for name, item in items]
        out.write(json.dumps({**summary.read(batch.pk), "items": rows}))
    failed = [(name, item) for name, item in items if item.state != ANSWERED]
    for name, item in failed:
        error = item.error or {"message": f"It is {item.state}.", "next": ""}
        err.write(f"failed {name}: {error['message']} {error['next']}".strip())
    return 1 if failed or len(items) < len(names) else 0


def _row(name: str, item: Item) -> list[object]:
    return [name, item.answer, item.confidence, item.certainty, item.route, item.link_bytes, round(item.ms, 1)]


def _line(name: str, item: Item) -> str:
    if item.state != ANSWERED:
        return f"{name}: {item.state}"
    words = doubt.WORDS[Certainty(item.certainty)] if item.certainty else "Not rated"
    return f"{name}: {item.answer} [{words}, {item.route}, {item.link_bytes:,} bytes up, {item.ms:.0f} ms]"
