"""The clock: what beat sends, that it never floods a queue, and that `celery worker --clock` runs it."""

import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Service

from bench.harness.processes import wait_for
from webapp.celery import app
from webapp.ops import clock


@pytest.fixture
def ticking(store: Any, tmp_path: Path) -> Iterator[clock.ClockThread]:
    def service() -> Service:
        file = str(tmp_path / "clock" / "schedule")
        return Service(app, max_interval=1, schedule_filename=file, scheduler_cls=clock.ClockScheduler, remote_control=False)

    thread = clock.ClockThread(service)
    thread.start()
    yield thread
    thread.stop()


@pytest.mark.parametrize("name", app.conf.beat_schedule)
def test_every_entry_is_a_task_whose_message_expires_when_the_next_is_due(name: str) -> None:
    app.loader.import_default_modules()
    entry = app.conf.beat_schedule[name]
    assert entry["task"] in app.tasks
    assert entry["options"] == {"queue": clock.CLOCK_QUEUE, "expires": entry["schedule"]}


def test_sweeping_comes_every_two_seconds() -> None:
    assert [entry["schedule"] for entry in app.conf.beat_schedule.values() if entry["task"] == "inference.sweep"] == [2]


def test_a_worker_with_the_flag_runs_beat_and_one_without_does_not() -> None:
    class Parent:
        steps: list[Any] = []

    assert clock.ClockStep(Parent(), clock=True).include_if(Parent())
    assert not clock.ClockStep(Parent()).include_if(Parent())
    assert clock.ClockStep in app.steps["worker"]


def test_messages_go_to_a_queue_apart_from_the_turns(ticking: clock.ClockThread, store: Any) -> None:
    turns = store.llen("cloud")  # of tests before this one
    wait_for(lambda: store.llen(clock.CLOCK_QUEUE) > 0, 20, "beat sent nothing")
    assert store.exists(clock.ALIVE_KEY) and store.llen("cloud") == turns


@pytest.fixture
def backlog(store: Any) -> int:
    """Messages that no worker has read."""
    return int(store.rpush(clock.CLOCK_QUEUE, *["unread"] * clock.BACKLOG))


def test_it_sends_nothing_while_no_worker_reads(backlog: int, ticking: clock.ClockThread, store: Any) -> None:
    wait_for(lambda: store.exists(clock.ALIVE_KEY), 20, "beat is not alive")
    time.sleep(3)
    assert store.llen(clock.CLOCK_QUEUE) == backlog


def test_the_schedule_file_is_private(ticking: clock.ClockThread, tmp_path: Path) -> None:
    wait_for(lambda: any((tmp_path / "clock").glob("schedule*")), 20, "no schedule file")
    assert stat.S_IMODE((tmp_path / "clock").stat().st_mode) == 0o700


def test_the_watchdog_over_redis_ends_with_it(ticking: clock.ClockThread) -> None:
    wait_for(lambda: "watchdog" in _threads(), 20, "no watchdog runs")
    ticking.stop()
    wait_for(lambda: "watchdog" not in _threads(), 20, "the watchdog runs without its clock")


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_it_starts_again_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "RETRY_S", 0.01)
    attempts: list[int] = []

    def failing() -> Service:
        attempts.append(1)
        raise OSError("disk full")

    thread = clock.ClockThread(failing)
    thread.start()
    wait_for(lambda: len(attempts) > 2, 30, "it gave up")
    thread.stop()


def test_its_file_and_every_folder_above_it_are_private(store: Any, tmp_path: Path) -> None:
    file = tmp_path / "run" / "clock" / "schedule"
    clock.ClockScheduler(app=app, schedule_filename=str(file)).close()
    made = list(tmp_path.rglob("*"))
    assert len(made) >= 3
    assert not [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077]
