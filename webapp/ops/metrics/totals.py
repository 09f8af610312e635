"""What was counted: in this process since it last handed it over, and by all processes together, in one hash of Redis.

Sums in Redis are right for any number of processes on any number of machines, and a process that ends leaves nothing behind.
A Redis that was restarted begins at zero, for all series at once: that is a reset as Prometheus knows it. Nothing here is
read from rows that retention deletes, so a sum never falls otherwise.
"""

import json
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping

import redis
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from webapp.ops.metrics.metric import Labels, Metric

KEY = "metrics:totals"  # another name when the buckets of a histogram change: its old counts are of the old ones
MOST_SERIES = 200  # of one metric and process; labels that come later are counted together
OTHER, SUM = "other", "sum"
# Name and labels; of a histogram also the number of the bucket, or SUM.
Series = tuple[str, ...]
Family = CounterMetricFamily | HistogramMetricFamily


class Totals:
    """Of this process. Thread-safe, and without any waiting: what is counted is handed over by another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts: defaultdict[Series, float] = defaultdict(float)
        self._labels: defaultdict[str, set[Labels]] = defaultdict(set)

    def add(self, metric: Metric, amount: float, *labels: str) -> None:
        """Count so much more. A negative amount is none: a counter never falls."""
        if amount > 0:
            with self._lock:
                self._amounts[metric.name, *self._bounded(metric, labels)] += amount

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """One more value of a histogram."""
        with self._lock:
            bounded = self._bounded(metric, labels)
            self._amounts[metric.name, *bounded, str(bisect_left(metric.buckets, value))] += 1
            self._amounts[metric.name, *bounded, SUM] += max(0.0, value)

    def take(self) -> dict[Series, float]:
        with self._lock:
            taken, self._amounts = self._amounts, defaultdict(float)
        return taken

    def put_back(self, taken: Mapping[Series, float]) -> None:
        """What could not be handed over."""
        with self._lock:
            for series, amount in taken.items():
                self._amounts[series] += amount

    def _bounded(self, metric: Metric, labels: Labels) -> Labels:
        known = self._labels[metric.name]
        if labels in known:
            return labels
        if len(known) >= MOST_SERIES:
            return (OTHER,) * len(labels)
        known.add(labels)
        return labels


def hand_over(client: "redis.Redis", taken: Mapping[Series, float]) -> None:
    """Add to the sums, all or nothing. Raises redis.RedisError; after a timeout it may have been added nevertheless."""
    pipe = client.pipeline(transaction=True)
    for series, amount in taken.items():
        pipe.hincrbyfloat(KEY, json.dumps(series), amount)
    pipe.execute()


def parse(stored: Mapping[bytes, bytes]) -> dict[Series, float]:
    """The hash as it was read."""
    return {tuple(json.loads(series)): float(amount) for series, amount in stored.items()}


def families(metrics: tuple[Metric, ...], sums: Mapping[Series, float]) -> list[Family]:
    """For the exposition. Sums of metrics of another version, which no metric here has, are left out."""
    by_name: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
    for (name, *labels), amount in sums.items():
        by_name[name][tuple(labels)] = amount
    return [
        (_histogram if metric.kind == "histogram" else _counter)(metric, by_name.get(metric.name, {})) for metric in metrics
    ]


def _counter(metric: Metric, sums: Mapping[Labels, float]) -> Family:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    amounts = dict.fromkeys(metric.shown(), 0.0) | {
        labels: amount for labels, amount in sums.items() if len(labels) == len(metric.labels)
    }
    for labels, amount in amounts.items():
        family.add_metric(labels, amount)
    return family


def _histogram(metric: Metric, sums: Mapping[Labels, float]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    fitting = {labels: amount for labels, amount in sums.items() if len(labels) == len(metric.labels) + 1}
    for labels in dict.fromkeys([*metric.shown(), *(labels[:-1] for labels in fitting)]):
        count, buckets = 0.0, []
        for number, bound in enumerate((*metric.buckets, float("inf"))):
            count += fitting.get((*labels, str(number)), 0.0)
            buckets.append(("+Inf" if bound == float("inf") else str(bound), count))
        family.add_metric(labels, buckets, fitting.get((*labels, SUM), 0.0))
    return family
