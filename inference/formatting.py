"""Numbers for sentences: short, with a unit, never more precise than they are."""

from collections.abc import Sequence
from datetime import UTC, datetime


def time_text(ms: float) -> str:
    if ms < 1:
        return "under 1 ms"
    return f"{ms:.0f} ms" if ms < 9999.5 else f"{ms / 1000:,.1f} s"


def bytes_text(count: int) -> str:
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1000:.0f} KB" if count < 999_500 else f"{count / 1e6:,.1f} MB"


def rate_text(bytes_per_s: float) -> str:
    if bytes_per_s < 1000:
        return f"{bytes_per_s:.0f} bytes/s"
    return f"{bytes_per_s / 1000:.0f} KB/s" if bytes_per_s < 999_500 else f"{bytes_per_s / 1e6:,.1f} MB/s"


def percent_text(fraction: float) -> str:
    return f"{fraction * 100:.1f} %"


def span_text(seconds: float) -> str:
    """As static/js/format.js has it."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def moment_text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%-d %b %Y, %H:%M UTC}"


def count_text(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def list_text(names: Sequence[str], most: int = 6) -> str:
    """“a, b and c”; of many, how many more there are."""
    shown = [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1] if shown else "") if part)
