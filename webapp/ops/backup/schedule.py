"""Backups that the clock makes: when one is due, which stay, and what is said when one fails."""

import fcntl
import json
import logging
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from inference.scheduling.background import FairLane
from webapp.notices.tell import Event, tell
from webapp.ops.backup import making, restoring, rotation
from webapp.ops.backup.archive import sealing
from webapp.ops.backup.errors import BackupError

NICENESS = "15"  # questions first
RETRY = timedelta(hours=1)
TOO_OLD = 2  # times the interval
FAILURE_FILE = "run/backup_failure.json"
LOCK = ".lock"
ALREADY_RUNNING = 75  # exit status: EX_TEMPFAIL
COMMAND = ("manage.py", "backup", "--scheduled")
log = logging.getLogger(__name__)
_lane = FairLane(threads=1, waiting_limit=1)


@dataclass(frozen=True)
class Failure:
    at: datetime
    why: str


def newest() -> rotation.Stored | None:
    """The last good one: a file has its name only when it is whole."""
    return max(rotation.stored(settings.BACKUP_DIR, rotation.PREFIX), default=None)


def is_due(now: datetime, last: datetime | None, failed: datetime | None, hours: float) -> bool:
    """After a failure, not before an hour has passed. 0 hours: never."""
    if hours <= 0 or (failed is not None and now - failed < RETRY):
        return False
    return last is None or now - last >= timedelta(hours=hours)


def is_too_old(now: datetime, last: datetime | None, hours: float) -> bool:
    return hours > 0 and (last is None or now - last > TOO_OLD * timedelta(hours=hours))


def look() -> None:
    """Called by the clock. The backup runs in a process of its own, beside the questions."""
    if _is_due_now():
        _lane.submit(0, _run_apart)


def run() -> making.Made:
    """Make one in the folder of backups, read it again where it is not encrypted, and remove those that are too many.

    Raises BackupError, OSError; BlockingIOError where another process is making one.
    """
    folder: Path = settings.BACKUP_DIR
    folder.mkdir(parents=True, exist_ok=True, mode=making.PRIVATE_FOLDER)
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for unfinished in folder.glob(f"{rotation.PREFIX}*{making.PART_ENDING}"):  # of a process that was killed
            unfinished.unlink(missing_ok=True)
        keys = sealing.recipients(settings.BACKUP_RECIPIENT)
        target = folder / rotation.name(rotation.PREFIX, timezone.now(), bool(keys))
        made = making.make(target, keys)
        if not keys:
            try:
                restoring.verify(target, [])
            except BackupError:
                target.unlink()  # it would count as a good one
                raise
        for old in rotation.superfluous(
            rotation.stored(folder, rotation.PREFIX), settings.BACKUP_DAILY, settings.BACKUP_WEEKLY
        ):
            old.path.unlink(missing_ok=True)
    (settings.VAR_DIR / FAILURE_FILE).unlink(missing_ok=True)
    return made


def failure() -> Failure | None:
    """Of the last attempt; None when it succeeded."""
    try:
        row: dict[str, Any] = json.loads((settings.VAR_DIR / FAILURE_FILE).read_text())
        return Failure(datetime.fromisoformat(row["at"]), str(row["why"]))
    except (OSError, ValueError, KeyError):
        return None


def _is_due_now() -> bool:
    last, failed = newest(), failure()
    return is_due(timezone.now(), last.made if last else None, failed.at if failed else None, settings.BACKUP_HOURS)


def _run_apart() -> None:
    if not _is_due_now():  # it was queued while another one was being made
        return
    done = subprocess.run(
        ["nice", "-n", NICENESS, sys.executable, *COMMAND],
        cwd=settings.BASE_DIR,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        log.info("%s", done.stdout.strip())
    elif done.returncode != ALREADY_RUNNING:
        _record(_reason(done))


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    if done.returncode < 0:
        return f"Its process was ended by signal {-done.returncode}; most likely there was too little memory."
    lines = done.stderr.strip().splitlines() or [f"Its process ended with status {done.returncode}."]
    return lines[-1].removeprefix("CommandError: ")


def _record(why: str) -> None:
    now = timezone.now()
    log.error("the scheduled backup failed: %s", why)
    with suppress(OSError):  # a full disk: the notice says so all the same, and the next attempt may come sooner
        file: Path = settings.VAR_DIR / FAILURE_FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"at": now.isoformat(), "why": why}))
    tell(Event("backup.failed", {"reason": why}, "server", key=f"backup.failed:{timezone.localdate().isoformat()}"))
