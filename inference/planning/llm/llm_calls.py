"""Calls of a language model: their usage log, circuit breaker, and retry delays."""

import random
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

TRIES = 3  # per call, as far as the deadline allows
FIRST_WAIT_S = 0.25
SUCCESSES = ("ok", "repaired")
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
FAILURES = 4  # in a row, then the breaker opens
REST_S = 30.0


@dataclass(frozen=True)
class Call:
    """`outcome`: "ok", "repaired", or that of a failure (failures.py): "invalid", "timeout", "http 429". Tokens as the server
    counted them, or `estimated`: where it counted none, although it may have computed. `cost` in the currency of the prices."""

    model: str
    purpose: str
    outcome: str
    tokens_in: int
    tokens_out: int
    ms: float
    cost: float
    estimated: bool = False


class UsageLog(Protocol):
    """Where calls are recorded. No method raises: an unwritable log must not stop planning."""

    def record(self, call: Call) -> None: ...

    def spent_today(self) -> float: ...

    def has_allowance(self) -> bool:
        """Whether the person who asks may use the model now."""
        ...


class NoUsageLog:
    def record(self, call: Call) -> None:
        pass

    def spent_today(self) -> float:
        return 0.0

    def has_allowance(self) -> bool:
        return True


class Breaker:
    """Opens after several failures in a row, so that a broken server does not delay every question. Thread-safe."""

    def __init__(self, failures: int = FAILURES, rest_s: float = REST_S) -> None:
        self.failures, self.rest_s = failures, rest_s
        self._row = 0
        self._until = 0.0
        self._lock = threading.Lock()

    def closed(self) -> bool:
        """Whether calls are allowed. After `rest_s` one call may try; its failure opens the breaker again."""
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
    """Seconds to wait before retrying a refused call; None if a retry is pointless. Exponential backoff with jitter, so that
    several workers do not retry at once; a Retry-After header takes precedence."""
    if status not in AGAIN or attempt + 1 >= TRIES:
        return None
    server_wait = _seconds(retry_after)
    return server_wait if server_wait is not None else FIRST_WAIT_S * 2**attempt * random.uniform(0.75, 1.25)  # noqa: S311 jitter, not a secret


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
