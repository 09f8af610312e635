"""Which backups stay: the newest of each of the last days, and of each of the last weeks."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PREFIX, BEFORE_UPGRADE = "isthmus-", "before-upgrade-"
TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(rf"({PREFIX}|{BEFORE_UPGRADE})(\d{{8}}T\d{{6}}Z)\.tar(\.age)?")


@dataclass(frozen=True, order=True)
class Stored:
    made: datetime
    path: Path


def name(prefix: str, made: datetime, is_sealed: bool) -> str:
    return f"{prefix}{made.astimezone(UTC).strftime(TIME)}.tar{'.age' if is_sealed else ''}"


def stored(folder: Path, prefix: str) -> list[Stored]:
    """The backups in a folder, oldest first. Files with other names are somebody's own."""
    matches = ((path, _NAME.fullmatch(path.name)) for path in folder.glob(f"{prefix}*"))
    return sorted(
        Stored(datetime.strptime(match[2], TIME).replace(tzinfo=UTC), path)
        for path, match in matches
        if match and match[1] == prefix
    )


def superfluous(backups: Iterable[Stored], daily: int, weekly: int) -> list[Stored]:
    """Those that go. The newest always stays; days and weeks without a backup do not count."""
    newest_first = sorted(backups, reverse=True)
    by_day, by_week = dict[object, Stored](), dict[object, Stored]()
    for backup in newest_first:
        by_day.setdefault(backup.made.date(), backup)
        by_week.setdefault(backup.made.isocalendar()[:2], backup)
    kept = {*newest_first[:1], *list(by_day.values())[:daily], *list(by_week.values())[:weekly]}
    return [backup for backup in reversed(newest_first) if backup not in kept]
