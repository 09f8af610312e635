"""A Celery worker of a node, inside this process: models are loaded once, and the threads share them."""

import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from celery import Celery
from celery.app import trace
from celery.worker import WorkController, state
from celery.worker.consumer import Consumer

from devices.agent import transport
from devices.agent.config import Config
from devices.agent.runtime import KEEPALIVE
from devices.contract.protocol import ANSWERING

log = logging.getLogger(__name__)
# One computes, the others send, receive or wait: enough for all that several people have in flight, so that the order in which
# they compute is the node's (devices.agent.sharing) and not that of the messages. A thread is created when it is needed.
THREADS = 16
GRACE_S, IDLE_GRACE_S = 2.0, 0.3
FINISH_S = 20.0  # what runs may take to end, where this process starts over for a reason that can wait
RESTART = 75  # of Stop: not an exit status, but this process starts over
RESULT_S = 300
# Between attempts to connect after Redis refused something; after HEALTHY_S without a failure the pauses start over.
FIRST_PAUSE_S, LONGEST_PAUSE_S, HEALTHY_S = 0.5, 15.0, 60.0
LONGEST_RETRY_S = 3.0  # where it does not answer at all


def make_app(config: Config, queue: str = ANSWERING, home: Path | None = None) -> Celery:
    """With the node's own credentials. Every key, of queue and of results, is under the node's prefix. With a `home`, new
    connections are to where the configuration there says that Redis is by then."""
    options = {
        "global_keyprefix": f"{config.slug}:",
        "socket_keepalive": True,
        "socket_keepalive_options": KEEPALIVE,
        "socket_connect_timeout": 3,
        **({"home": home} if home else {}),
    }
    # No fixups: with DJANGO_SETTINGS_MODULE in the environment Celery would load Django by itself.
    backend = f"{transport.RESULTS}+{config.redis_url}"
    app = Celery(config.slug, broker=config.redis_url, backend=backend, set_as_current=False, fixups=[])
    app.conf.update(
        broker_transport=transport.NAME,
        broker_transport_options=options,
        result_backend_transport_options=options,
        task_default_queue=queue,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        result_expires=RESULT_S,
        task_acks_late=False,  # the server notices a job that is lost with its node and falls back
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
    )
    return app


class ReconnectingConsumer(Consumer):  # type: ignore[misc]  # Celery is not typed
    """Waits longer from failure to failure: a Redis that lets this node in and then refuses it would be asked without pause.

    Celery's own pauses are for a Redis that does not answer.
    """

    failures, failed_at = 0, -HEALTHY_S

    def ensure_connected(self, conn: Any) -> Any:
        """kombu's own pauses grow to half a minute, as long as nobody can be answered."""
        steps = {"interval_start": FIRST_PAUSE_S, "interval_step": FIRST_PAUSE_S, "interval_max": LONGEST_RETRY_S}
        conn.ensure_connection = partial(conn.ensure_connection, **steps)
        return super().ensure_connected(conn)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        super().on_connection_error_after_connected(exc)
        now = time.monotonic()
        self.failures = self.failures + 1 if now - self.failed_at < HEALTHY_S else 1
        pause = min(FIRST_PAUSE_S * 2 ** min(self.failures - 1, 10), LONGEST_PAUSE_S) * (0.5 + random.random())  # noqa: S311
        if self.failures in (1, 10) or self.failures % 100 == 0:
            log.warning("Redis failed (%s); connecting again, after longer and longer pauses", exc)
        until = now + pause
        while state.should_stop is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))
        self.failed_at = time.monotonic()


class Worker(WorkController):
    """The bare controller: celery.apps.worker.Worker would print a banner and take over the signals."""

    def __init__(self, app: Celery, listening: Callable[[], None] = lambda: None, threads: int = THREADS) -> None:
        self.listening = listening
        super().__init__(
            app=app,
            consumer_cls=ReconnectingConsumer,
            hostname=f"{app.conf.task_default_queue}.{app.main}@isthmus",
            pool="threads",
            concurrency=threads,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=logging.WARNING,
        )

    def on_before_init(self, **_: Any) -> None:
        # In a pool's threads the current app is the default one; unless that is ours, results are lost silently.
        trace.setup_worker_optimizations(self.app, self.hostname)

    def on_consumer_ready(self, consumer: Any) -> None:
        """Called at the start and after every reconnection."""
        self.listening()


class Stop:
    """Ends this process when a signal or the heartbeat requests it, at most `grace_s` later."""

    def __init__(self) -> None:
        self.code: int | None = None

    def request(self, code: int, why: str, grace_s: float = GRACE_S) -> None:
        if self.code is not None:
            return
        self.code = code
        log.info("%s", why)
        state.should_stop = code
        # The controller checks should_stop only when something wakes it; do not wait for an idle one.
        late = threading.Timer(grace_s if state.reserved_requests else IDLE_GRACE_S, self._end)
        late.daemon = True
        late.start()

    def _end(self) -> None:
        # A running computation cannot be interrupted; nobody would receive its result.
        logging.shutdown()
        if self.code == RESTART:
            restart_process()
        os._exit(self.code or 0)


def restart_process() -> None:
    """Run the same command in the same process; imports, connections and locks are gone."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
