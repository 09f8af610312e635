"""The clock: Celery beat, which queues what must happen without a visitor (the schedule: webapp.celery).

`celery worker --clock` runs it in a thread of that worker (`make run`); with several workers it is a process of its own,
`celery beat` (docker-compose.yml). Its messages go to the queue `clock`, apart from the turns that people wait for. Beside it
run the watchdog over Redis and the bridge to an MQTT broker, threads that need no worker.
"""

import dbm
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from celery import Celery, bootsteps
from celery.beat import PersistentScheduler, ScheduleEntry, Service
from click import Option
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError

from webapp.redis_access import connections

CLOCK_QUEUE = "clock"
ALIVE_KEY = "clock:alive"
ALIVE_S = 15
BACKLOG = 20  # unread messages: with more, no worker is reading them and further ones would only pile up
RETRY_S = 5.0
LONGEST_SLEEP_S = 0.3  # a stopping worker waits for beat this long
log = logging.getLogger(__name__)


class ClockScheduler(PersistentScheduler):  # type: ignore[misc]  # Celery is not typed
    """Celery's scheduler, which also shows that it is alive and sends nothing while no worker reads its queue."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._client = connections.connect(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
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
            self._client.set(ALIVE_KEY, "1", ex=ALIVE_S)
            unread = self._client.llen(CLOCK_QUEUE)
        except redis.RedisError as error:
            log.warning("clock: skipped %s: %s", entry.name, error)
            return
        if unread < BACKLOG:
            super().apply_entry(entry, producer=producer)


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
            return Service(parent.app, max_interval=LONGEST_SLEEP_S, scheduler_cls=ClockScheduler, remote_control=False)

        return ClockThread(service)


def install(app: Celery, schedule_file: Path) -> None:
    """Have the app's beat use ClockScheduler, with a schedule file in a private folder, and add `--clock` to its workers."""
    app.conf.beat_schedule_filename = str(schedule_file)
    app.conf.beat_scheduler = ClockScheduler
    app.user_options["worker"].add(Option(("--clock",), is_flag=True, help="Run beat in this worker. Only one worker may."))
    app.steps["worker"].add(ClockStep)
