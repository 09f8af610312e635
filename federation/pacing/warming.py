"""Starting the training processes of nodes before a round: loading torch and the data takes up to a minute on a small board,
and is not the fault of the client that happens to be first.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis
from django.db import connection
from flwr.app import Message, RecordDict

from devices import dispatch
from devices.contract.protocol import trainer_key
from devices.producer import bulk
from federation.app.messaging import Patience
from federation.client_jobs import ClientJobs, JobWatch, assign_id
from federation.node import packing

log = logging.getLogger(__name__)
LONGEST_S = 300.0
GRACE_S = 30.0  # for the other nodes, once half of them are ready


class Warming:
    """Of one run. Knows which process of each node it has seen ready."""

    def __init__(self, jobs: ClientJobs) -> None:
        self.jobs = jobs
        self._ready: dict[str, str] = {}  # boot id of the training process, by node
        self._lock = threading.Lock()

    def warm(self, slugs: list[str], content: RecordDict, on_start: Callable[[list[str]], None]) -> list[str]:
        """Nodes that did not get ready in time. Raises dispatch.Cancelled."""
        cold = [slug for slug in slugs if self._boot(slug) != self._ready.get(slug, "")]
        if not cold:
            return []
        on_start(cold)
        patience = Patience(LONGEST_S, max(1, -(-len(cold) // 2)), GRACE_S)
        with ThreadPoolExecutor(len(cold), thread_name_prefix="warming") as pool:
            futures = [pool.submit(self._start, slug, content, patience) for slug in cold]
            return [slug for slug, future in zip(cold, futures, strict=True) if not future.result()]

    def _start(self, slug: str, content: RecordDict, patience: Patience) -> bool:
        """Whether the node replied; what it replied does not matter, the round will show it."""
        watch = JobWatch(slug, self.jobs.cancelled, lambda: not patience.seconds, lambda phase: None)
        message = Message(content, 1, "query.ready", group_id="0")
        assign_id(message)
        try:
            self.jobs.call(slug, message, LONGEST_S, watch)
        except dispatch.NodeGone:
            return False
        except (dispatch.StageFailed, packing.BadMessage) as error:
            log.info("%s is running, and says: %s", slug, error)
        finally:
            connection.close()
        patience.arrived()
        with self._lock:
            self._ready[slug] = self._boot(slug)
        return True

    def _boot(self, slug: str) -> str:
        """Of the training process that runs now; of none, a word that no process has."""
        try:
            boot: bytes | None = bulk().get(trainer_key(slug))  # type: ignore[assignment]
        except redis.RedisError:
            return "unknown"
        return boot.decode() if boot else "none"
