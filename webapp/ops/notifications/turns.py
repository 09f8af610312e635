"""One worker at a time delivers by one channel: a receiver that hangs occupies one thread, however many notices come."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from redis.exceptions import LockNotOwnedError

from webapp.redis_access import connections

LONGEST_S = 20.0  # of a run; one whose worker died blocks its channel for so long


def is_taken(channel: str) -> bool:
    """Whether a worker delivers by it now; it looks once more for what is due when it has ended. Raises redis.RedisError."""
    return bool(connections.shared(settings.REDIS_URL).exists(_key(channel)))


@contextmanager
def turn(channel: str) -> Iterator[bool]:
    """False where another worker has the turn. Raises redis.RedisError."""
    lock = connections.shared(settings.REDIS_URL).lock(_key(channel), timeout=LONGEST_S, thread_local=False)
    is_ours = lock.acquire(blocking=False)
    try:
        yield is_ours
    finally:
        if is_ours:
            with suppress(LockNotOwnedError):  # it took longer
                lock.release()


def _key(channel: str) -> str:
    return f"notify:turn:{channel}"
