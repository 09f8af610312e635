"""Numbers for sentences: short, with a unit, never more precise than they are."""


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
