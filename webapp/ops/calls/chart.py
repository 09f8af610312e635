"""A day by the hour as bars: where each is drawn. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.calls.log import Hour

WIDTH, HEIGHT = 720, 120
GAP = 4


@dataclass(frozen=True)
class Bar:
    """In the drawing's units. `y` and `height` of all calls; `failed_y` and `failed` of those that failed, at the foot."""

    hour: Hour
    x: float
    width: float
    y: float
    height: float
    failed_y: float
    failed: float


def bars(hours: Sequence[Hour]) -> list[Bar]:
    """Empty where nothing was called."""
    most = max((hour.calls for hour in hours), default=0)
    if not most:
        return []
    step = WIDTH / len(hours)
    return [_bar(hour, number * step + GAP / 2, step - GAP, HEIGHT / most) for number, hour in enumerate(hours)]


def _bar(hour: Hour, x: float, width: float, per_call: float) -> Bar:
    height, failed = (round(count * per_call, 1) for count in (hour.calls, hour.failed))
    return Bar(hour, round(x, 1), round(width, 1), round(HEIGHT - height, 1), height, round(HEIGHT - failed, 1), failed)
