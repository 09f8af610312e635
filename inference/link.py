"""What recent transfers say about a device's uplink: `time = round trip + bytes / bandwidth`, fitted robustly.

Pure: values in, values out. Small transfers teach the round trip, large ones the bandwidth. The slope is a weighted
median over pairs of transfers (Theil 1950, Sen 1968; weighted by the difference in bytes after Jaeckel 1972), which a
quarter of wild transfers cannot move far. A sudden change starts a new series: what was measured before it is no longer
evidence about the bandwidth, only about the round trip.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from statistics import median

WINDOW = 16  # transfers of one series that are fitted; more would only slow down what follows a drift
FORGET_S = 600.0  # older than the newest transfer by more: another place, another network
STALE_S = 120.0  # after that long without a transfer a link is probed before it is relied on
HEAVY_BYTES = 8192  # from here on the time of one transfer says something about bandwidth by itself
SPREAD_BYTES = 1024  # sizes closer than this cannot tell round trip and bandwidth apart
CLOCK_S = 0.001  # differences below a millisecond are scheduling, not the link
DEVIATION = 0.5  # a transfer this much slower or faster than expected is suspicious; two in a row are a change
SHARE = 0.3  # of a transfer's expected time that must be bandwidth for it to count as a change all by itself


@dataclass(frozen=True)
class Transfer:
    """`seconds` from the first byte handed to the network until the far side had the last one."""

    at_s: float
    bytes: int
    seconds: float


@dataclass(frozen=True)
class LinkEstimate:
    """None is unknown. `source`: "transfers" (fitted), "lower bound" (at least this fast), "small transfers" (nothing
    large enough to tell the bandwidth) or "unknown". `doubtful`: the last transfer contradicts the rest.
    """

    up_bytes_per_s: float | None
    rtt_ms: float | None
    age_s: float | None
    source: str
    doubtful: bool = False


UNKNOWN = LinkEstimate(None, None, None, "unknown")


@dataclass(frozen=True)
class _Line:
    """Seconds before the first byte (0: cannot be told), per byte (None: cannot be told), and the usual distance from it."""

    rtt: float
    per_byte: float | None
    noise: float
    at_most: float | None = None  # seconds per byte, where only a bound is known

    @property
    def slope(self) -> float:
        return self.per_byte or self.at_most or 0.0


def estimate(transfers: Sequence[Transfer], now_s: float) -> LinkEstimate:
    """`transfers` oldest first; those that cannot be true (no time, negative bytes) are left out."""
    usable = [t for t in transfers if t.bytes >= 0 and 0 < t.seconds < math.inf and math.isfinite(t.at_s)]
    if not usable:
        return UNKNOWN
    last = usable[-1].at_s
    series, before = _last_series([t for t in usable if last - t.at_s <= FORGET_S])
    line = _fit(series, before)
    doubtful = len(series) > 2 and _deviates(series[-1], _fit(series[:-1], before))
    age = max(0.0, now_s - last)
    rtt_ms = line.rtt * 1000 if line.rtt or line.per_byte else None
    if line.per_byte:
        return LinkEstimate(1 / line.per_byte, rtt_ms, age, "transfers", doubtful)
    if line.at_most:
        return LinkEstimate(1 / line.at_most, rtt_ms, age, "lower bound", doubtful)
    return LinkEstimate(None, rtt_ms, age, "small transfers", doubtful)


def needs_probe(link: LinkEstimate) -> bool:
    """Whether throw-away bytes should be sent before this link is relied on: it is unknown, old or contradicted."""
    return link.up_bytes_per_s is None or link.age_s is None or link.age_s > STALE_S or link.doubtful


def _last_series(transfers: list[Transfer]) -> tuple[list[Transfer], _Line | None]:
    """The transfers since the last change, and the line that held before it."""
    start, before = 0, None
    for i in range(1, len(transfers)):
        if start == i:
            continue
        line = _fit(transfers[start:i], before)
        if not _deviates(transfers[i], line):
            continue
        second = i + 1 < len(transfers) and _deviates(transfers[i + 1], line, _slower(transfers[i], line))
        if second or _counts_alone(transfers[i], line):
            start, before = i, line
    return transfers[start:][-WINDOW:], before


def _expected(transfer: Transfer, line: _Line) -> float:
    return line.rtt + transfer.bytes * line.slope


def _slower(transfer: Transfer, line: _Line) -> bool:
    return transfer.seconds > _expected(transfer, line)


def _deviates(transfer: Transfer, line: _Line, slower: bool | None = None) -> bool:
    """Far from the line, in the given direction if one is given. A transfer larger than a line without a slope was made
    from says nothing against it; one that beats a bound merely confirms it."""
    if line.slope == 0.0 and transfer.bytes >= SPREAD_BYTES:
        return False
    is_slower = _slower(transfer, line)
    if (slower is not None and slower != is_slower) or (not is_slower and line.per_byte is None):
        return False
    expected = _expected(transfer, line)
    # Slower by half and faster by a third are the same factor.
    room = expected * (DEVIATION if is_slower else DEVIATION / (1 + DEVIATION))
    return abs(transfer.seconds - expected) > max(room, 4 * line.noise, 2 * CLOCK_S)


def _counts_alone(transfer: Transfer, line: _Line) -> bool:
    """A heavy transfer that took twice its time, or half, is a change at once. A light one may be a hiccup."""
    expected = _expected(transfer, line)
    heavy = transfer.bytes >= HEAVY_BYTES or transfer.bytes * line.slope >= SHARE * expected
    far = transfer.seconds > 2 * expected or transfer.seconds < expected / 2
    return heavy and far and line.slope > 0


def _fit(series: Sequence[Transfer], before: _Line | None) -> _Line:
    series = series[-WINDOW:]
    sizes = [t.bytes for t in series]
    span = max(sizes) - min(sizes)
    if span < SPREAD_BYTES or max(sizes) < 2 * min(sizes):
        return _one_size(series, before)
    per_byte = max(0.0, _slope(series))
    rtt = max(0.0, median(t.seconds - per_byte * t.bytes for t in series))
    rtt = min(rtt, min(t.seconds for t in series))  # nothing arrives before one round trip
    noise = median(abs(t.seconds - rtt - per_byte * t.bytes) for t in series)
    visible = max(CLOCK_S, 2 * noise, 0.1 * rtt if len(series) < 4 else 0.0)
    if per_byte * span > visible:
        return _Line(rtt, per_byte, noise)
    # Carrying `span` more bytes cannot be told from noise, so it takes at most as long as noise hides.
    return _Line(rtt, None, noise, visible / span if max(sizes) >= HEAVY_BYTES else None)


def _one_size(series: Sequence[Transfer], before: _Line | None) -> _Line:
    """One size alone cannot tell round trip from bandwidth: the round trip is taken from before a change, if there was one."""
    seconds = median(t.seconds for t in series)
    noise = median(abs(t.seconds - seconds) for t in series)
    size = median(t.bytes for t in series)
    if before is not None and size and seconds - before.rtt > max(CLOCK_S, before.rtt, 2 * noise):
        known = (seconds - before.rtt) / size
        if size >= HEAVY_BYTES or before.slope * size >= SHARE * (before.rtt + before.slope * size):
            return _Line(before.rtt, known, noise)
    if size >= HEAVY_BYTES:
        return _Line(0.0, None, noise, seconds / size)
    return _Line(seconds, None, noise)


def _slope(series: Sequence[Transfer]) -> float:
    """Weighted median of the slopes between all pairs of different size, in seconds per byte."""
    pairs = sorted(
        ((b.seconds - a.seconds) / (b.bytes - a.bytes), abs(b.bytes - a.bytes))
        for a, b in combinations(series, 2)
        if a.bytes != b.bytes
    )
    weights = list(accumulate(weight for _, weight in pairs))
    return pairs[bisect_left(weights, weights[-1] / 2)][0]
