"""A Celery worker of a node, inside this process: models are loaded once, and the threads share them."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.app import trace
from celery.worker import WorkController, state

from devices.agent.config import Config
from devices.agent.runtime import KEEPALIVE

log = logging.getLogger(__name__)
QUEUE = "stages"
THREADS = 4  # one computes, the others send and receive
GRACE_S, IDLE_GRACE_S = 2.0, 0.3
AGAIN = 75  # of Stop: not an exit status, but this process begins anew
RESULT_S = 300


def make_app(config: Config, queue: str = QUEUE) -> Celery:
    """With the node's own credentials. Every key, of queue and of results, is under the node's prefix."""
    options = {
        "global_keyprefix": f"{config.slug}:",
        "socket_keepalive": True,
        "socket_keepalive_options": KEEPALIVE,
        "socket_connect_timeout": 3,
    }
    # No fixups: with DJANGO_SETTINGS_MODULE in the environment Celery would load Django by itself.
    app = Celery(config.slug, broker=config.redis_url, backend=config.redis_url, set_as_current=False, fixups=[])
    app.conf.update(
        broker_transport_options=options,
        result_backend_transport_options=options,
        task_default_queue=queue,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        result_expires=RESULT_S,
        task_acks_late=False,  # the cloud notices a job that is lost with its node and goes another way
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
    )
    return app


class Worker(WorkController):
    """The bare controller: celery.apps.worker.Worker would print a banner and take over the signals."""

    def __init__(self, app: Celery, listening: Callable[[], None] = lambda: None, threads: int = THREADS) -> None:
        self.listening = listening
        super().__init__(
            app=app,
            hostname=f"{app.conf.task_default_queue}.{app.main}@isthmus",
            pool="threads",
            concurrency=threads,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=logging.WARNING,
        )

    def on_before_init(self, **_: Any) -> None:
        # In a pool's threads the current app is the default one; unless that is ours, results go nowhere without a word.
        trace.setup_worker_optimizations(self.app, self.hostname)

    def on_consumer_ready(self, consumer: Any) -> None:
        """Called at the start and after every reconnection."""
        self.listening()


class Stop:
    """The end of this process, asked for by a signal or by the heartbeat; never later than GRACE_S after it."""

    def __init__(self) -> None:
        self.code: int | None = None

    def request(self, code: int, why: str) -> None:
        if self.code is not None:
            return
        self.code = code
        log.info("%s", why)
        state.should_stop = code
        # The controller looks at should_stop only when something wakes it: an idle one is not waited for.
        late = threading.Timer(GRACE_S if state.reserved_requests else IDLE_GRACE_S, self._end)
        late.daemon = True
        late.start()

    def _end(self) -> None:
        # A job in mid-computation cannot be interrupted; its result would reach nobody any more.
        logging.shutdown()
        if self.code == AGAIN:
            begin_anew()
        os._exit(self.code or 0)


def begin_anew() -> None:
    """The same command in the same process: what was imported, connected and locked is gone."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
