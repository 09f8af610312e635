"""Bounds on what a server may take: bytes of any response, and time of a whole call."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

import httpx2 as httpx
import openai

from inference.planning.llm.client_errors import failure_of
from inference.planning.llm.failures import Failure, TooLong, TooSlow, Unreadable

MAX_BYTES = 256 * 1024
Item = TypeVar("Item")


class _BoundedBody(httpx.SyncByteStream):
    def __init__(self, body: httpx.SyncByteStream, until: float) -> None:
        self.body, self.until = body, until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self.body:
            size += len(part)
            if size > MAX_BYTES:
                raise TooLong
            if time.monotonic() > self.until:
                raise TooSlow
            yield part

    def close(self) -> None:
        self.body.close()


def bound(response: httpx.Response) -> None:
    """An event hook of the HTTP client, which also holds for the body of a refusal."""
    if isinstance(response.stream, httpx.SyncByteStream):
        remaining = response.request.extensions["timeout"]["read"]
        response.stream = _BoundedBody(response.stream, time.monotonic() + remaining)


@dataclass(frozen=True)
class _End:
    error: Exception | None


def in_time(produce: Callable[[], Iterable[Item]], deadline: float) -> Iterator[Item]:
    """The items of `produce`, until the deadline. It runs in a thread of its own: the timeouts of the HTTP client are per read,
    so a server that trickles headers or bytes would never hit them, and looking up its name has none. A thread that was left
    ends at `bound`, or at the timeout of its last read."""
    queue: SimpleQueue[Item | _End] = SimpleQueue()
    Thread(target=_put_all, args=(produce, queue), name="planner-call", daemon=True).start()
    while True:
        try:
            item = queue.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            raise TooSlow from None
        if not isinstance(item, _End):
            yield item
        elif item.error is None:
            return
        else:
            raise item.error


def _put_all(produce: Callable[[], Iterable[Item]], queue: "SimpleQueue[Item | _End]") -> None:
    end = _End(Unreadable())
    try:
        for item in produce():
            queue.put(item)
        end = _End(None)
    except (openai.APIStatusError, Failure) as error:
        end = _End(error)
    except (openai.OpenAIError, httpx.HTTPError, httpx.InvalidURL) as error:
        end = _End(failure_of(error))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError, TypeError, AttributeError):
        pass  # the package does not check what a server sends in a stream
    finally:
        queue.put(end)
