"""Events go to the server in their order, each at least once; it knows them by their ids, so that none counts twice."""

import json
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable

from pydantic import ValidationError

from devices.agent.server import Refused, Server, Unreachable
from devices.agent.watching.store import Store
from devices.contract.watches import MAX_BATCH, Delivered, Delivery, WatchEvent

log = logging.getLogger(__name__)
PATH = "/api/v1/nodes/me/watch-events"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 20.0
GONE = (401, 403)  # the node is revoked, or not approved yet: the heartbeat deals with that


class Courier:
    """`sent` gets a watch and the bytes that an event of it took on the link. `now`: the clock that the events have."""

    def __init__(
        self,
        store: Store,
        server: Server,
        sent: Callable[[int, int], None],
        carry: Callable[[int], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.server, self.sent, self.carry, self.now = store, server, sent, carry, now
        self._news = threading.Event()
        self._stopped = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="watch events", daemon=True).start()

    def wake(self) -> None:
        self._news.set()

    def stop(self) -> None:
        self._stopped = True
        self._news.set()

    def _run(self) -> None:
        failures = 0
        while not self._stopped:
            self._news.clear()
            try:
                if not self.deliver():
                    failures = 0
                    self._news.wait()
                    continue
                failures = 0
            except (Unreachable, sqlite3.Error) as error:
                failures += 1
                if failures in (1, 10) or failures % 100 == 0:
                    log.warning("events of watches wait on this node: %s", error)
            if failures:
                # With jitter, as heartbeats: a fleet must not come back as one wave.
                longest = min(FIRST_PAUSE_S * 2 ** min(failures, 6), LONGEST_PAUSE_S)
                time.sleep(longest * (0.5 + random.random()))  # noqa: S311

    def deliver(self, limit: int = MAX_BATCH) -> int:
        """How many events the server has now that it did not have before. Raises Unreachable, sqlite3.Error."""
        events = self.store.waiting(limit)
        if not events:
            return 0
        body = Delivery(now=self.now(), events=events).model_dump(mode="json", exclude_defaults=True)
        self.carry(len(json.dumps(body)))
        try:
            delivered = Delivered.model_validate(self.server.post(PATH, body))
        except ValidationError as error:
            raise Unreachable("The server's answer to events is not from Isthmus.") from error
        except Refused as refusal:
            return self._refused(events, refusal)
        for event in events:
            self.sent(event.watch, len(event.model_dump_json(exclude_defaults=True)))
        self.store.confirm(delivered.number, events[0].dropped)
        return len(events)

    def _refused(self, events: list[WatchEvent], refusal: Refused) -> int:
        """One event that the server will never take must not hold up the others."""
        if refusal.status in GONE:
            raise Unreachable(str(refusal)) from refusal
        if len(events) > 1:
            return self.deliver(limit=1)
        log.error("the server refused an event of %s: %s", events[0].camera, refusal)
        self.store.confirm(events[0].number)
        return 1
