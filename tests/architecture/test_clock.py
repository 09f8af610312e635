"""The clock: what beat sends and when it has nothing to send, that it never floods a queue, and that a worker runs it."""

import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Service
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.harness.processes import wait_for
from inference.batches.models import PAUSED, Batch
from inference.models import PhotoTrace, Turn
from webapp.celery import app
from webapp.notices.models import Notice
from webapp.ops import clock


@pytest.fixture
def ticking(store: Any, tmp_path: Path, transactional_db: None) -> Iterator[clock.ClockThread]:
    app.loader.import_default_modules()

    def service() -> Service:
        file = str(tmp_path / "clock" / "schedule")
        return clock.ClockService(
            app, max_interval=1, schedule_filename=file, scheduler_cls=clock.ClockScheduler, remote_control=False
        )

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


def test_messages_go_to_a_queue_apart_from_the_turns(ticking: clock.ClockThread, store: Any, owner: Any) -> None:
    a_turn(owner)
    turns = store.llen("cloud")  # of tests before this one
    wait_for(lambda: store.llen(clock.CLOCK_QUEUE) > 0, 20, "beat sent nothing")
    assert store.exists(clock.ALIVE_KEY) and store.llen("cloud") == turns


@pytest.fixture
def backlog(store: Any) -> int:
    """Messages that no worker has read."""
    return int(store.rpush(clock.CLOCK_QUEUE, *["unread"] * clock.BACKLOG))


def test_it_sends_nothing_while_no_worker_reads(backlog: int, ticking: clock.ClockThread, store: Any, owner: Any) -> None:
    a_turn(owner)
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


@pytest.fixture
def scheduler(store: Any, tmp_path: Path, db: None) -> Iterator[clock.ClockScheduler]:
    app.loader.import_default_modules()
    made = clock.ClockScheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    yield made
    made.close()


FREQUENT = [name for name, entry in app.conf.beat_schedule.items() if entry["schedule"] < 30]


@pytest.mark.parametrize("name", FREQUENT)
def test_what_comes_often_sends_no_message_and_asks_little_while_there_is_nothing_to_do(
    name: str, scheduler: clock.ClockScheduler, store: Any
) -> None:
    entry = scheduler.schedule[name]
    scheduler.apply_entry(entry)
    with CaptureQueriesContext(connection) as queries:
        scheduler.apply_entry(entry)
    assert store.llen(clock.CLOCK_QUEUE) == 0
    assert len(queries) <= 2


def a_turn(owner: Any) -> None:
    Turn.objects.create(conversation="0" * 32, owner=owner, question="what is it?")


def a_paused_batch(owner: Any) -> None:
    batch = Batch.objects.create(owner=owner, question="what is it?", plan={}, policy="fastest", state=PAUSED)
    batch.items.create(number=1, photo_bytes=1, state="running")


def a_notice(owner: Any) -> None:
    Notice.objects.create(kind="test", key="test:1", due_at=timezone.now())


def a_trace(owner: Any) -> None:
    before = timezone.now() - timedelta(minutes=5)
    PhotoTrace.objects.create(photo="0" * 32, node="jetson-a", deleted=before)


@pytest.mark.parametrize(
    "task, happens",
    [
        ("inference.sweep", a_turn), ("batches.sweep", a_paused_batch), ("ops.notify", a_notice), ("inference.erase", a_trace),
    ],
)  # fmt: skip
def test_a_message_is_sent_as_soon_as_there_is_something_to_do(
    task: str, happens: Callable[[Any], None], scheduler: clock.ClockScheduler, store: Any, owner: Any
) -> None:
    entry = next(entry for entry in scheduler.schedule.values() if entry.task == task)
    happens(owner)
    scheduler.apply_entry(entry)
    assert store.llen(clock.CLOCK_QUEUE) == 1


def test_the_clock_itself_watches_nodes_and_survives_what_that_raises(
    scheduler: clock.ClockScheduler, store: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from devices import tasks

    entry = next(entry for entry in scheduler.schedule.values() if entry.task == "devices.watch")
    scheduler.apply_entry(entry)
    assert store.exists(tasks.WATCHING_KEY) and store.llen(clock.CLOCK_QUEUE) == 0

    def failing(*_: object, **__: object) -> None:
        raise DatabaseError("the table is gone")

    monkeypatch.setattr("devices.telemetry.node_events.record_all", failing)
    scheduler.apply_entry(entry)
    assert "the table is gone" in caplog.text


def test_a_database_that_is_away_stops_no_clock(
    scheduler: clock.ClockScheduler, store: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> bool:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(app.tasks["inference.sweep"], "is_needed", away)
    for entry in [entry for entry in scheduler.schedule.values() if entry.task in ("inference.sweep", "ops.look")]:
        scheduler.apply_entry(entry)
    assert "connection refused" in caplog.text and store.llen(clock.CLOCK_QUEUE) == 1


def test_it_ends_at_once(ticking: clock.ClockThread, store: Any) -> None:
    wait_for(lambda: store.exists(clock.ALIVE_KEY), 20, "beat is not alive")
    started = time.monotonic()
    ticking.stop()
    assert "clock" not in _threads() and time.monotonic() - started < 1
