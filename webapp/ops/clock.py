"""The clock: Celery beat, which queues what must happen without a visitor (the schedule: webapp.celery).

`celery worker --clock` runs it in a thread of that worker (`make run`); with several workers it is a process of its own,
`celery beat` (docker-compose.yml). Its messages go to the queue `clock`, apart from the turns that people wait for. Beside it
run the watchdog over Redis and the bridge to an MQTT broker, threads that need no worker.

Most of the time there is nothing to do, and finding that out must cost next to nothing. So a task may have an option
`is_needed`, a function that costs a query or two: without a yes, no message is sent. A task with the option `by_clock`, which
is as cheap as its message, runs in the clock's own thread.
"""

import dbm
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from celery import Celery, Task, bootsteps
from celery.beat import PersistentScheduler, ScheduleEntry, Service
from click import Option
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db import connections as db_connections
from kombu.exceptions import OperationalError as BrokerError

from webapp.redis_access import connections

CLOCK_QUEUE = "clock"
ALIVE_KEY = "clock:alive"
ALIVE_S = 15
SHOWN_S = 4.0  # between two signs of life
BACKLOG = 20  # unread messages: with more, no worker is reading them and further ones would only pile up
RETRY_S = 5.0
LONGEST_SLEEP_S = 2.0
log = logging.getLogger(__name__)


class ClockScheduler(PersistentScheduler):  # type: ignore[misc]  # Celery is not typed
    """Celery's scheduler, which also shows that it is alive and sends nothing while no worker reads its queue."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._client = connections.shared(settings.REDIS_URL)
        self._shown = -SHOWN_S
        # `celery beat` comes here before it sends beat_init.
        mask = os.umask(0o077)
        try:
            Path(kwargs["schedule_filename"]).parent.mkdir(parents=True, exist_ok=True)
            super().__init__(*args, **kwargs)
        finally:
            os.umask(mask)
        # They have models, and this module is imported before those may be.
        from devices.guard import watchdog
        from webapp.ops.notifications.mqtt import bridge

        self._beside = (watchdog, bridge)
        for thread in self._beside:
            thread.start()

    def close(self) -> None:
        for thread in self._beside:
            thread.stop()
        super().close()

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        try:
            self._show_life()
            if self._is_sent(self.app.tasks[entry.task]) and self._client.llen(CLOCK_QUEUE) < BACKLOG:
                super().apply_entry(entry, producer=producer)
        except (redis.RedisError, DatabaseError) as error:
            log.warning("clock: skipped %s: %s", entry.name, error)
        finally:
            close_old_connections()

    def _is_sent(self, task: Task) -> bool:
        """Whether a worker has to do something; what the clock does itself is done here."""
        if getattr(task, "by_clock", False):
            task.apply()  # Celery logs what it raises
            return False
        is_needed: Callable[[], bool] | None = getattr(task, "is_needed", None)
        return is_needed is None or is_needed()

    def _show_life(self) -> None:
        if time.monotonic() - self._shown >= SHOWN_S:
            self._client.set(ALIVE_KEY, "1", ex=ALIVE_S)
            self._shown = time.monotonic()


class ClockService(Service):  # type: ignore[misc]
    """Beat as a thread of a worker has it: it ends at once, where Celery's sleeps through."""

    def start(self, embedded_process: bool = False) -> None:
        try:
            while not self._is_shutdown.is_set():
                if self._is_shutdown.wait(self.scheduler.tick()):
                    break
                if self.scheduler.should_sync():
                    self.scheduler._do_sync()
        finally:
            self.sync()
            db_connections.close_all()


class ClockThread:
    """Beat in a thread of a worker. It ends with the worker; after an error it starts again."""

    def __init__(self, make_service: Callable[[], Service]) -> None:
        self._make_service = make_service
        self._ending = threading.Event()
        self._service: Service | None = None
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._service is not None:
            self._service.stop()
        self._thread.join(1)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._service = self._make_service()
                self._service.start()
            except (BrokerError, OSError, *dbm.error) as error:
                log.warning("clock: %s; starting again in %g s", error, RETRY_S)
                self._ending.wait(RETRY_S)


class ClockStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery is not typed
    """Adds the option `--clock` to `celery worker`."""

    def __init__(self, parent: Any, clock: bool = False, **options: Any) -> None:
        self.enabled = clock
        super().__init__(parent, clock=clock, **options)

    def include_if(self, parent: Any) -> bool:
        return bool(self.enabled)

    def create(self, parent: Any) -> ClockThread:
        def service() -> Service:
            return ClockService(parent.app, max_interval=LONGEST_SLEEP_S, scheduler_cls=ClockScheduler, remote_control=False)

        return ClockThread(service)


def install(app: Celery, schedule_file: Path) -> None:
    """Have the app's beat use ClockScheduler, with a schedule file in a private folder, and add `--clock` to its workers."""
    app.conf.beat_schedule_filename = str(schedule_file)
    app.conf.beat_scheduler = ClockScheduler
    app.user_options["worker"].add(Option(("--clock",), is_flag=True, help="Run beat in this worker. Only one worker may."))
    app.steps["worker"].add(ClockStep)
