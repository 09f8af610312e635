"""Backups by the clock: when, which stay, and what is said when one fails."""

import fcntl
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.backup.conftest import Place
from webapp.management.commands import doctor
from webapp.notices.models import Notice
from webapp.ops.backup import rotation, schedule
from webapp.ops.backup.rotation import PREFIX, Stored, name, stored, superfluous

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_when_one_is_due() -> None:
    assert schedule.is_due(NOW, None, None, 24)
    assert not schedule.is_due(NOW, None, None, 0)
    assert schedule.is_due(NOW, NOW - 24 * HOUR, None, 24)
    assert not schedule.is_due(NOW, NOW - 23 * HOUR, None, 24)
    assert not schedule.is_due(NOW, NOW - 30 * HOUR, NOW - HOUR / 2, 24), "not again at once after a failure"
    assert schedule.is_due(NOW, NOW - 30 * HOUR, NOW - HOUR, 24)


def test_days_and_weeks_stay() -> None:
    every_six_hours = [Stored(NOW - 6 * HOUR * number, Path(str(number))) for number in range(4 * 60)]
    gone = superfluous(every_six_hours, daily=7, weekly=4)
    left = sorted(set(every_six_hours) - set(gone))
    assert {backup.made.date() for backup in left[-7:]} == {(NOW - timedelta(days=day)).date() for day in range(7)}
    # The newest of its week: this Monday's, and three Sundays', of which one is among the days.
    assert [backup.made.date().isoformat() for backup in left[:-7]] == ["2026-11-15", "2026-11-22"]
    assert gone == sorted(gone)


def test_gaps_do_not_count_and_the_newest_always_stays() -> None:
    rare = [Stored(NOW - timedelta(days=100 * number), Path(str(number))) for number in range(5)]
    assert superfluous(rare, daily=3, weekly=0) == [rare[4], rare[3]]
    assert superfluous(rare, daily=0, weekly=0) == [rare[4], rare[3], rare[2], rare[1]]
    assert superfluous([], 7, 4) == []


def test_files_of_other_names_are_left_alone(tmp_path: Path) -> None:
    for own in (name(PREFIX, NOW, False), name(PREFIX, NOW, True)):
        (tmp_path / own).touch()
    for other in (
        "isthmus-mine.tar",
        "isthmus-20261130T120000Z.tar.part",
        name(rotation.BEFORE_UPGRADE, NOW, False),
        "photo.jpg",
    ):
        (tmp_path / other).touch()
    assert [backup.made for backup in stored(tmp_path, PREFIX)] == [NOW, NOW]


@pytest.fixture
def var(db: None, settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR, settings.BACKUP_DIR, settings.BACKUP_HOURS = tmp_path, tmp_path / "backups", 24
    (tmp_path / "secrets").mkdir()
    return tmp_path


def finding() -> doctor.Finding:
    return doctor._backups()


@pytest.mark.long
def test_it_makes_one_and_removes_the_superfluous(empty: Place) -> None:
    empty.manage("migrate", "--no-input")
    empty.more |= {"ISTHMUS_BACKUP_DAILY": "2", "ISTHMUS_BACKUP_WEEKLY": "0"}
    folder, failure = empty.var / "backups", empty.var / schedule.FAILURE_FILE
    for path in (folder, failure.parent):
        path.mkdir(mode=0o700)
    failure.write_text(json.dumps({"at": NOW.isoformat(), "why": "No room."}))
    (folder / f"{name(PREFIX, NOW, False)}.part").write_bytes(b"of a process that was killed")
    for days in (1, 2, 3):
        (folder / name(PREFIX, datetime.now(UTC) - timedelta(days=days), False)).touch()
    empty.manage("backup", "--scheduled")
    older, newest = stored(folder, PREFIX)
    assert (older.path.stat().st_size, newest.path.stat().st_size > 10_000) == (0, True)
    assert not failure.exists() and not list(folder.glob("*.part"))
    empty.manage("backup", "--verify", str(newest.path))


def test_doctor_says_when_the_last_one_is_too_old(var: Path, settings: Any) -> None:
    settings.BACKUP_DIR.mkdir()
    assert "there is none" in finding().state and finding().remedy
    old = name(PREFIX, datetime.now(UTC) - 49 * HOUR, False)
    (settings.BACKUP_DIR / old).touch()
    assert "one is due every 24 hours" in finding().state and finding().remedy
    settings.BACKUP_HOURS = 0
    assert "not scheduled" in finding().state and not finding().remedy


@pytest.mark.long
def test_one_that_fails_is_told_once_a_day_and_doctor_has_the_reason(
    var: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "in the way").touch()
    monkeypatch.setenv("ISTHMUS_BACKUP_DIR", str(tmp_path / "in the way"))
    schedule._run_apart()
    schedule._run_apart()  # as one that was queued meanwhile
    (tmp_path / schedule.FAILURE_FILE).unlink()
    schedule._run_apart()
    notice = Notice.objects.get()
    assert notice.kind == "backup.failed" and "File exists" in str(notice.values["reason"])
    assert "failed" in finding().state and "File exists" in finding().remedy
    failed = schedule.failure()
    assert failed is not None and not schedule.is_due(datetime.now(UTC), None, failed.at, 24)


def test_a_second_one_at_the_same_time_gives_way(var: Path, settings: Any) -> None:
    settings.BACKUP_DIR.mkdir()
    with (settings.BACKUP_DIR / schedule.LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            schedule.run()
    assert [file.name for file in settings.BACKUP_DIR.iterdir()] == [schedule.LOCK]
