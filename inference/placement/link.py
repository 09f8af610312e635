"""A device's uplink, estimated from recent transfers by a robust fit of `time = round trip + bytes / bandwidth`.

Pure: values in, values out. Small transfers teach the round trip, large ones the bandwidth. The slope is a weighted
median over pairs of transfers (Theil 1950, Sen 1968; weighted by the difference in bytes after Jaeckel 1972), robust to
25 % outliers. A sudden change starts a new series: earlier transfers are then evidence about the round trip only.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from statistics import median

WINDOW = 16  # transfers of one series that are fitted; more would only slow down what follows a drift
LARGE = 4  # older large transfers that are fitted as well: among packets that only show the round trip they are rare
FORGET_S = 600.0  # older than the newest transfer by more: another place, another network
STALE_S = 120.0  # without a transfer for this long, a link is probed before it is used
SHORTEST_S, LONGEST_S = 1e-6, 3600.0  # below the clock's resolution, and beyond any deadline
FEW = 4  # with fewer transfers, their residuals say little about noise
HEAVY_BYTES = 8192  # from this size on, one transfer alone is evidence about bandwidth
SPREAD_BYTES = 1024  # sizes closer than this cannot separate round trip and bandwidth
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
    large enough to tell the bandwidth) or "unknown". `doubtful`: the last transfer contradicts the rest. `light`: no transfer
    since the last change is large enough to speak of bandwidth by itself. `within`: how far the bandwidth may be off, as a
    share of it; from the distances of the transfers from the line.
    """

    up_bytes_per_s: float | None
    rtt_ms: float | None
    age_s: float | None
    source: str
    doubtful: bool = False
    within: float | None = None
    light: bool = False


UNKNOWN = LinkEstimate(None, None, None, "unknown")


@dataclass(frozen=True)
class _Line:
    """The fit of one series: how long any number of bytes takes, between `fastest` and `slowest`.

    Either fitted (`per_byte`), or with a round trip and a bound (`at_most`) on the time of a byte, or, from one size
    alone (`size`), the two extremes: all of its time is round trip, or none.
    """

    rtt: float  # seconds; of one size alone, all it took
    noise: float  # median residual, seconds
    per_byte: float | None = None
    at_most: float = 0.0
    size: float | None = None

    def fastest(self, count: float) -> float:
        if self.size is not None:
            return self.rtt * min(1.0, count / self.size)
        return self.rtt + count * (self.per_byte or 0.0)

    def slowest(self, count: float) -> float:
        if self.size is not None:
            return self.rtt * max(1.0, count / self.size)
        return self.rtt + count * (self.per_byte or self.at_most)


def estimate(transfers: Sequence[Transfer], now_s: float) -> LinkEstimate:
    """`transfers` oldest first; impossible ones (no bytes, no time) are ignored."""
    usable = [t for t in transfers if t.bytes > 0 and SHORTEST_S <= t.seconds <= LONGEST_S and math.isfinite(t.at_s)]
    if not usable:
        return UNKNOWN
    last = usable[-1].at_s
    series, before = _last_series([t for t in usable if last - t.at_s <= FORGET_S])
    line = _fit(series, before)
    light = max(t.bytes for t in series) < HEAVY_BYTES
    rate, source, within = _rate(series, line, light)
    rtt_ms = None if source == "lower bound" and line.size is not None else line.rtt * 1000
    doubtful = len(series) > 2 and _deviates(series[-1], _fit(series[:-1], before)) != 0
    return LinkEstimate(rate, rtt_ms, max(0.0, now_s - last), source, doubtful, within, light)


def _rate(series: Sequence[Transfer], line: _Line, light: bool) -> tuple[float | None, str, float | None]:
    """Bytes per second, the source of the estimate, and its relative uncertainty."""
    if line.per_byte:
        return 1 / line.per_byte, "transfers", _within(series, line)
    if light:
        return None, "small transfers", None
    return (line.size / line.rtt if line.size is not None else 1 / line.at_most), "lower bound", None


def blind(link: LinkEstimate) -> bool:
    """Whether there is nothing to predict from: worth a probe even while somebody waits."""
    return link.up_bytes_per_s is None or link.age_s is None or link.age_s > STALE_S


def needs_probe(link: LinkEstimate) -> bool:
    """Whether the link should be probed before it is used again: it is unknown, stale or contradicted, or all transfers since
    it changed were small."""
    return blind(link) or link.doubtful or link.light


def _last_series(transfers: list[Transfer]) -> tuple[list[Transfer], _Line | None]:
    """The transfers since the last change, and the line that held before it."""
    start, before = 0, None
    for i in range(1, len(transfers)):
        line = _fit(transfers[start:i], before)
        direction = _deviates(transfers[i], line)
        if not direction:
            continue
        confirmed = i + 1 < len(transfers) and _deviates(transfers[i + 1], line) == direction
        if confirmed or _counts_alone(transfers[i], line):
            start, before = i, line
    return _window(transfers[start:]), before


def _within(series: Sequence[Transfer], line: _Line) -> float:
    """Median relative residual; never less than the clock's resolution."""
    per_byte, series = line.per_byte or 0.0, _window(series)
    expected = [(t, line.rtt + per_byte * t.bytes) for t in series]
    spread = median(abs(t.seconds - seconds) / seconds for t, seconds in expected)
    return max(spread, CLOCK_S / (per_byte * max(t.bytes for t in series)))


def _window(series: Sequence[Transfer]) -> list[Transfer]:
    older = [t for t in series[:-WINDOW] if t.bytes >= HEAVY_BYTES]
    return [*older[-LARGE:], *series[-WINDOW:]]


def _deviates(transfer: Transfer, line: _Line) -> int:
    """1: clearly slower than the fit allows; -1: clearly faster; 0: consistent with it."""
    slowest, fastest = line.slowest(transfer.bytes), line.fastest(transfer.bytes)
    floor = max(4 * line.noise, 2 * CLOCK_S)
    if transfer.seconds > slowest + max(DEVIATION * slowest, floor):
        return 1
    # Slower by half and faster by a third are the same factor.
    if transfer.seconds < fastest - max(DEVIATION / (1 + DEVIATION) * fastest, floor):
        return -1
    return 0


def _counts_alone(transfer: Transfer, line: _Line) -> bool:
    """A heavy transfer that took twice its time, or half, is a change at once. A light one may be a hiccup."""
    slowest = line.slowest(transfer.bytes)
    far = transfer.seconds > 2 * slowest or transfer.seconds < line.fastest(transfer.bytes) / 2
    return far and _shows_bandwidth(transfer.bytes, line)


def _fit(series: Sequence[Transfer], before: _Line | None) -> _Line:
    series = _window(series)
    sizes = [t.bytes for t in series]
    span = max(sizes) - min(sizes)
    if span < SPREAD_BYTES or max(sizes) < 2 * min(sizes):
        return _one_size(series, before)
    per_byte = max(0.0, _slope(series))
    # Nothing arrives before one round trip.
    rtt = max(0.0, min(median(t.seconds - per_byte * t.bytes for t in series), *(t.seconds for t in series)))
    noise = median(abs(t.seconds - rtt - per_byte * t.bytes) for t in series)
    visible = max(CLOCK_S, 2 * noise, 0.1 * rtt if len(series) < FEW else 0.0)
    if per_byte * span > visible:
        return _Line(rtt, noise, per_byte)
    # Carrying `span` more bytes cannot be told from noise, so it takes at most as long as noise hides.
    return _Line(rtt, noise, at_most=visible / span)


def _one_size(series: Sequence[Transfer], before: _Line | None) -> _Line:
    """One size alone cannot tell round trip from bandwidth; after a change the round trip is taken to be the old one,
    where the old line knew it and this size is one that shows bandwidth."""
    seconds = median(t.seconds for t in series)
    noise = median(abs(t.seconds - seconds) for t in series)
    size = median(t.bytes for t in series)
    if before is None or before.size is not None or seconds - before.rtt <= max(CLOCK_S, before.rtt / 2, 2 * noise):
        return _Line(seconds, noise, size=size)
    if _shows_bandwidth(size, before):
        return _Line(before.rtt, noise, (seconds - before.rtt) / size)
    return _Line(seconds, noise, size=size)


def _shows_bandwidth(count: float, line: _Line) -> bool:
    return count >= HEAVY_BYTES or count * (line.per_byte or 0.0) >= SHARE * line.slowest(count)


def _slope(series: Sequence[Transfer]) -> float:
    """Weighted median of the slopes between all pairs of different size, in seconds per byte."""
    pairs = sorted(
        ((b.seconds - a.seconds) / (b.bytes - a.bytes), abs(b.bytes - a.bytes))
        for a, b in combinations(series, 2)
        if a.bytes != b.bytes
    )
    weights = list(accumulate(weight for _, weight in pairs))
    return pairs[bisect_left(weights, weights[-1] / 2)][0]
