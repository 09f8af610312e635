"""What a metric is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Labels = tuple[str, ...]
Gauges = dict["Metric", dict[Labels, float]]  # what was read


@dataclass(frozen=True, eq=False)
class Metric:
    """`name` ends in the unit, and that of a counter in `_total`. `buckets` are the upper bounds of a histogram.

    `always`: the labels with which a counter is shown before anything was counted. Prometheus takes the first value that it
    sees of a series for its start, so the first failure would be no increase.
    """

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    help: str
    labels: Labels = ()
    buckets: tuple[float, ...] = ()
    always: Callable[[], Iterable[Labels]] | None = None

    def shown(self) -> Iterable[Labels]:
        """The labels that a counter or histogram always has."""
        if self.always is not None:
            return self.always()
        return () if self.labels else [()]
