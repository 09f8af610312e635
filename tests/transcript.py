"""One line per check: whether it holds, how long it took, and what was seen."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx


class Failed(Exception):
    """What was expected and what was seen instead."""


# A check fails with its own exception, with that of a wait in bench.harness, or because of a command, a file or a reply.
FAILURES = (Failed, AssertionError, subprocess.SubprocessError, OSError, ValueError, LookupError, httpx.HTTPError)


class Transcript:
    def __init__(self) -> None:
        self.failures = 0
        self.checks = 0

    @contextmanager
    def check(self, sentence: str) -> Iterator[list[str]]:
        """What the block appends is printed beside the sentence. A failure is printed, and the next check goes on."""
        notes: list[str] = []
        started = time.monotonic()
        self.checks += 1
        try:
            yield notes
        except FAILURES as error:
            self.failures += 1
            self._line("FAILED", started, sentence, [f"{type(error).__name__}: {error}"])
        else:
            self._line("ok", started, sentence, notes)

    def chapter(self, title: str) -> None:
        print(f"\n{title}", flush=True)

    def _line(self, verdict: str, started: float, sentence: str, notes: list[str]) -> None:
        detail = f" ({'; '.join(notes)})" if notes else ""
        print(f"  {verdict:6} {time.monotonic() - started:6.1f} s  {sentence}{detail}", flush=True)


def require(holds: object, expected: str) -> None:
    if not holds:
        raise Failed(expected)


def wait_until(holds: Callable[[], object], seconds: float, expected: str, every: float = 0.5) -> None:
    """Raises Failed when it does not come true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failed(f"{expected} within {seconds:.0f} s")
        time.sleep(every)
