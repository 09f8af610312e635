"""What each call of a language model came to, when the next one is worth trying, and what it may still cost today."""

import random
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

TRIES = 3  # of one call, as far as the deadline lets them
FIRST_WAIT_S = 0.25
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
FAILURES = 4  # in a row, then the model is left alone
REST_S = 30.0


@dataclass(frozen=True)
class Call:
    """`outcome`: "ok", "http 429", "timeout", "unreachable", "unreadable". Tokens as the server counted them; 0 if it did not.
    `cost` in the currency of the configured prices."""

    model: str
    purpose: str
    outcome: str
    tokens_in: int
    tokens_out: int
    ms: float
    cost: float


class Book(Protocol):
    """Where calls are kept. Neither raises: a book that cannot be written keeps nobody from planning."""

    def record(self, call: Call) -> None: ...

    def spent_today(self) -> float: ...


class NoBook:
    def record(self, call: Call) -> None:
        pass

    def spent_today(self) -> float:
        return 0.0


class Breaker:
    """After some failures in a row a model rests, so that a broken one costs each question nothing. Safe in threads."""

    def __init__(self, failures: int = FAILURES, rest_s: float = REST_S) -> None:
        self.failures, self.rest_s = failures, rest_s
        self._row = 0
        self._until = 0.0
        self._lock = threading.Lock()

    def closed(self) -> bool:
        """Whether to try. When the rest is over one call may try; a failure of it begins the next rest."""
        return time.monotonic() >= self._until

    def worked(self) -> None:
        with self._lock:
            self._row, self._until = 0, 0.0

    def failed(self) -> None:
        with self._lock:
            self._row += 1
            if self._row >= self.failures:
                self._until = time.monotonic() + self.rest_s


def wait_before(attempt: int, status: int, retry_after: str | None) -> float | None:
    """Seconds before a refused call is made again; None where that would be of no use. Backoff doubles, with jitter so that
    several workers do not come back at once; a server that names a time is believed."""
    if status not in AGAIN or attempt + 1 >= TRIES:
        return None
    named = _seconds(retry_after)
    return named if named is not None else FIRST_WAIT_S * 2**attempt * random.uniform(0.75, 1.25)  # noqa: S311 jitter, not a secret


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
