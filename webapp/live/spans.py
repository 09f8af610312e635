"""What a question or a training run spends its time on, as spans of one trace, for whoever collects them.

Without a collector nothing is recorded and nothing of OpenTelemetry is needed (webapp.ops.traces exports). Ids are those of W3C
Trace Context: 32 hexadecimal digits for a trace, 16 for a span. A trace is named by what it is about, so that every process
knows it without being told, and so is its first span, beneath which all others are.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes = dict[str, str | int | float | bool]


@dataclass
class Span:
    """Times are nanoseconds since 1970. `error` is a code or the name of an exception, never its text: it may quote people."""

    name: str
    trace: str
    id: str
    parent: str | None
    started_ns: int
    kind: Kind = "internal"
    attributes: Attributes = field(default_factory=dict)
    error: str = ""
    ended_ns: int = 0


@dataclass(frozen=True)
class _Place:
    """Where in a trace the code at hand is. With one clock for all its spans of a process: they nest, whatever NTP does."""

    trace: str
    span: str
    clock_ns: int  # from the monotonic clock to the time of day

    def now(self) -> int:
        return time.perf_counter_ns() + self.clock_ns


@dataclass
class Entrance:
    """A request from outside: the first span of every trace that begins in it."""

    attributes: Attributes
    begun: list[tuple[str, str, str | None]] = field(default_factory=list)  # trace, span, parent


Collector = Callable[[Span], None]
_collectors: list[Collector] = []
_place: ContextVar[_Place | None] = ContextVar("place", default=None)
_entrance: ContextVar[Entrance | None] = ContextVar("entrance", default=None)


def register(collector: Collector) -> None:
    """`collector` gets every span that ends, in the thread where it ends; it must not raise."""
    _collectors[:] = [collector]


def unregister() -> None:
    _collectors.clear()


def are_collected() -> bool:
    return bool(_collectors)


@contextmanager
def within(trace: str) -> Iterator[None]:
    """What is done inside belongs to this trace."""
    token = _place.set(_Place(trace, first_span(trace), time.time_ns() - time.perf_counter_ns()))
    try:
        yield
    finally:
        _place.reset(token)


@contextmanager
def span(name: str, attributes: Attributes | None = None, kind: Kind = "internal") -> Iterator[Span]:
    """The time of the block; spans that begin inside are beneath it. Outside of a trace it is collected by nobody."""
    place = _place.get()
    if place is None or not _collectors:
        yield Span(name, "", "", None, 0)
        return
    begun = Span(name, place.trace, _span_id(), place.span, place.now(), kind, dict(attributes or {}))
    token = _place.set(replace(place, span=begun.id))
    try:
        yield begun
    except BaseException as error:
        begun.error = begun.error or str(getattr(error, "code", "") or type(error).__name__)
        raise
    finally:
        _place.reset(token)
        begun.ended_ns = place.now()
        _collect(begun)


def past(
    name: str,
    started_ns: int,
    ended_ns: int,
    attributes: Attributes | None = None,
    kind: Kind = "internal",
    parent: Span | None = None,
    error: str = "",
) -> None:
    """A span that is over, beneath `parent` or else beneath the one at hand."""
    place = _place.get()
    if place is not None and _collectors:
        above = parent.id if parent else place.span
        _collect(Span(name, place.trace, _span_id(), above, started_ns, kind, dict(attributes or {}), error, ended_ns))


def now_ns() -> int:
    """By the clock of the trace at hand."""
    place = _place.get()
    return place.now() if place else time.time_ns()


def traceparent() -> str:
    """The place in the trace as the header of W3C Trace Context; empty outside of a trace."""
    place = _place.get()
    return f"00-{place.trace}-{place.span}-{'01' if _collectors else '00'}" if place else ""


@contextmanager
def entrance(name: str, attributes: Attributes | None = None, kind: Kind = "server") -> Iterator[Entrance]:
    """A request from outside, of which something is collected only if a trace begins in it."""
    started, began, entered = time.time_ns(), time.perf_counter_ns(), Entrance(dict(attributes or {}))
    token = _entrance.set(entered)
    try:
        yield entered
    finally:
        _entrance.reset(token)
        ended = started + time.perf_counter_ns() - began
        for trace, id, parent in entered.begun:
            _collect(Span(name, trace, id, parent, started, kind, entered.attributes, ended_ns=ended))


def begins(trace: str, name: str, again: bool = False) -> None:
    """A trace begins here. Its first span is the request at hand; where there is none, a moment with this name. `again`: what
    it is about was tried before, and this is beneath the first."""
    if not _collectors:
        return
    first = first_span(trace)
    id, parent = (_span_id(), first) if again else (first, None)
    if (entered := _entrance.get()) is not None:
        entered.begun.append((trace, id, parent))
    else:
        _collect(Span(name, trace, id, parent, now := time.time_ns(), "producer", ended_ns=now))


def first_span(trace: str) -> str:
    return sha256(trace.encode()).hexdigest()[:16]


def _span_id() -> str:
    return secrets.token_hex(8)


def _collect(ended: Span) -> None:
    for collector in _collectors:
        collector(ended)
