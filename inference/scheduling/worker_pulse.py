"""Whether this cloud worker takes tasks: shown to its supervisor, which restarts it when it does not (webapp.ops.restart).

A worker may live and hang: its consumer no longer hears Redis, or every thread waits for something that never comes.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from celery.signals import task_postrun, task_prerun

STALLED_S = 90.0  # longer than a question may take: then at least one of the running tasks has ended
FILE_VARIABLE = "SUPERVISOR_ALIVE_FILE"  # set by the supervisor; without one nobody looks


class Pulse:
    def __init__(self, waiting: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._waiting, self._clock = waiting, clock
        self._moved = clock()  # when a task last began or ended here
        self._lock = threading.Lock()

    def move(self, **_: object) -> None:
        with self._lock:
            self._moved = self._clock()

    def beats(self) -> bool:
        """False when messages wait and no task has begun or ended for STALLED_S."""
        if not self._waiting():
            self.move()
        return self._clock() - self._moved < STALLED_S

    def watch(self) -> None:
        task_prerun.connect(self.move, weak=False)
        task_postrun.connect(self.move, weak=False)


def show() -> None:
    """Tell the supervisor that the worker works."""
    if file := os.environ.get(FILE_VARIABLE):
        Path(file).touch()
