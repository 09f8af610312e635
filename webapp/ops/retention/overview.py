"""What everything that grows takes, and what will go when: for the page and for `manage.py prune --json`."""

import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from webapp.live.moments import iso
from webapp.ops.retention import folders, periods, pruning
from webapp.ops.retention.kind import Kind
from webapp.ops.retention.kinds import KINDS
from webapp.ops.retention.models import Run


@dataclass(frozen=True)
class Row:
    """One kind. `days` None: for ever, or `fixed`. `due`: how many the next run deletes. `first_due`: when its oldest goes."""

    kind: Kind
    rows: int
    bytes: int
    oldest: datetime | None
    days: int | None
    default: int | None
    due: int
    first_due: datetime | None

    def as_json(self) -> dict[str, object]:
        values = {name: value for name, value in asdict(self).items() if name != "kind"}
        for name in ("oldest", "first_due"):
            values[name] = iso(values[name]) if values[name] else None
        fixed = self.kind.fixed
        return {"name": self.kind.name, **values, "fixed_s": None if fixed is None else int(fixed.total_seconds())}


@dataclass(frozen=True)
class Disk:
    """Bytes."""

    database: int
    photos: int
    free: int


def rows(now: datetime | None = None) -> list[Row]:
    moment, days = now or timezone.now(), periods.chosen()
    return [_row(kind, moment, days) for kind in KINDS]


def disk() -> Disk:
    photos = sum(folders.sizes(Path(settings.PHOTO_DIR).glob("*")))
    return Disk(_database_bytes(), photos, shutil.disk_usage(settings.VAR_DIR).free)


def next_run(now: datetime) -> datetime | None:
    """About when; None before the first one."""
    last = Run.objects.values_list("started", flat=True).first()
    return None if last is None else max(last + timedelta(seconds=pruning.EVERY_S), now)


def _row(kind: Kind, now: datetime, days: dict[str, int | None]) -> Row:
    usage, before = kind.content.usage(), periods.before(kind, now, days)
    due = kind.content.due(before) if before is not None and usage.rows else 0
    first = usage.oldest + (now - before) if usage.oldest and before is not None else None
    default = None if kind.fixed is not None else periods.default(kind)
    return Row(kind, usage.rows, usage.bytes, usage.oldest, days.get(kind.name), default, due, first)


def _database_bytes() -> int:
    if connection.vendor == "sqlite":
        file = Path(str(connection.settings_dict["NAME"]))
        return sum(folders.sizes([file, file.with_name(f"{file.name}-wal")]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
