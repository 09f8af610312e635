"""The experiments of `bench.routes`: the mixed run at each bandwidth, a drop of the bandwidth, an edge that becomes busy."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from bench.routes.methods import AHEAD, OURS, Measurement, Query, QueryRunner, only
from bench.routes.photos import Photos
from bench.routes.testbed import DEVICE, EDGE, OTHER, SETTLE_S, Testbed
from devices.registry import enrolment
from inference.placement import fleet, policies, routes
from inference.placement.choose import choose
from inference.placement.prediction import Candidate, Key
from inference.receipt import CandidateRecord

FROM, TO = 1_000_000, 100_000  # bytes per second before and after the drop
DROP_TASK, BUSY_TASK, CROWD_TASK = "classify", "classify", "vqa"
BUSY_RATE = 300_000
# Concurrent questions at the busy edge, and its slowdown: without it the crowd would occupy this machine's cores instead.
CROWD, CROWDED_SLOWDOWN = 3, 5.0


class Decision(TypedDict):
    """One choice of placement, as stored in the results."""

    question: int
    task: str
    route: str
    way: str
    bytes: int
    up_bytes_per_s: float | None
    predicted_ms: float | None
    ms: float


class DropDecision(Decision):
    """`*_at_true_rate_ms`: the predictions with the true bandwidth, of the route taken and of the best one."""

    rate: int
    at_true_rate_ms: float
    best_at_true_rate_ms: float


class BusyDecision(Decision):
    crowd: int
    split_ms: float  # the fixed split at the same time


@dataclass
class Runs:
    """All measurements."""

    fixed: dict[str, Key]
    mixed: dict[int, list[Measurement]] = field(default_factory=dict)
    drop: list[DropDecision] = field(default_factory=list)
    busy: list[BusyDecision] = field(default_factory=list)
    placement_ms: float = 0.0


def run(
    testbed: Testbed, photos: Photos, rates: Sequence[int], count: int, around: int, progress: Callable[[str], None]
) -> Runs:  # fmt: skip
    """`count` questions per method and bandwidth; `around` questions before and after each change."""
    testbed.rate(max(rates))
    runner = QueryRunner()
    runs = Runs(runner.fixed(list(rates)))
    for rate in rates:
        progress(f"{rate // 1000} KB/s")
        testbed.rate(rate)
        runs.mixed[rate] = mixed(runner, photos, runs.fixed, count)
    progress(f"drop from {FROM // 1000} to {TO // 1000} KB/s")
    runs.drop = drop(testbed, runner, photos, around)
    progress("busy edge")
    testbed.rate(BUSY_RATE)
    runs.busy = busy(runner, photos, runs.fixed, around)
    runs.placement_ms = placement_ms(runner, photos)
    return runs


def mixed(runner: QueryRunner, photos: Photos, fixed: dict[str, Key], count: int) -> list[Measurement]:
    """Every method on every question, each time in another order, so that a slow minute affects all methods equally."""
    tasks = runner.profile.on_towers
    for query in photos.large(len(tasks), tasks):  # not counted: the bandwidth has just changed
        runner.ask(OURS, query, runner.photo(query.file))
    measurements = []
    methods = [OURS, AHEAD, *fixed]
    for number, query in enumerate(photos.large(count, tasks)):
        shared = runner.photo(query.file)  # only the split leaves features at the edge, and only the split could reuse them
        start = number % len(methods)
        for method in [*methods[start:], *methods[:start]]:
            if method in fixed:
                measurements.append(runner.ask(method, query, shared, only(fixed[method])))
            else:
                measurements.append(runner.ask(method, query, runner.photo(query.file, prepared=method == AHEAD)))
    return measurements


def drop(testbed: Testbed, runner: QueryRunner, photos: Photos, around: int) -> list[DropDecision]:
    """Consecutive decisions about small photos, which a fast link transfers sooner than a slow device computes a head."""
    decisions: list[DropDecision] = []
    for rate in (FROM, TO):
        testbed.rate(rate)
        for query in photos.small(around, DROP_TASK):
            measured = runner.ask(OURS, query, runner.photo(query.file))
            taken, best = _at_true_rate(measured, rate)
            decisions.append({**_decision(measured, len(decisions) + 1), "rate": rate, "at_true_rate_ms": taken,
                              "best_at_true_rate_ms": best})  # fmt: skip
    return decisions


def _at_true_rate(measured: Measurement, rate: int) -> tuple[float, float]:
    """Milliseconds (of the route taken, of the best route) predicted with the true bandwidth."""
    predicted = [option for option in measured.options if option["allowed"] and option["predicted_ms"] is not None]

    def ms(option: CandidateRecord) -> float:
        estimated = measured.up_bytes_per_s or rate
        return (option["predicted_ms"] or 0.0) + option["uplink_bytes"] * (1 / rate - 1 / estimated) * 1000

    taken = next((ms(option) for option in predicted if option["chosen"]), measured.ms)
    return round(taken, 1), round(min(map(ms, predicted), default=taken), 1)


def busy(runner: QueryRunner, photos: Photos, fixed: dict[str, Key], around: int) -> list[BusyDecision]:
    """Decisions before, while and after others use the edge, each beside the fixed split at the same time."""
    decisions: list[BusyDecision] = []

    def ask(crowd: int) -> None:
        for query in photos.small(around, BUSY_TASK):
            measured = runner.ask(OURS, query, runner.photo(query.file))
            split = runner.ask("split", query, runner.photo(query.file), only(fixed["split"]))
            number = len(decisions) + 1
            decisions.append({**_decision(measured, number), "crowd": crowd, "split_ms": round(split.ms, 1)})

    ask(0)
    with Crowd(runner, photos):
        ask(CROWD)
    ask(0)
    return decisions


class Crowd:
    """Context manager: other users who keep asking the edge about whole photos over a fast link."""

    def __init__(self, runner: QueryRunner, photos: Photos) -> None:
        self.runner, self.stop = runner, threading.Event()
        query = photos.small(1, CROWD_TASK)[0]
        self.threads = [threading.Thread(target=self._ask, args=(query,)) for _ in range(CROWD)]

    def __enter__(self) -> None:
        enrolment.simulate(EDGE, None, CROWDED_SLOWDOWN)
        time.sleep(SETTLE_S)
        for thread in self.threads:
            thread.start()
        time.sleep(1.0)

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        enrolment.simulate(EDGE, None, 1.0)
        time.sleep(SETTLE_S)

    def _ask(self, query: Query) -> None:
        from django.db import connection

        photo = self.runner.photo(query.file, node=OTHER)
        while not self.stop.is_set():
            self.runner.ask("crowd", query, photo, _whole_photo, OTHER)
        connection.close()


def _whole_photo(options: list[Candidate]) -> list[Candidate]:
    return [candidate for candidate in options if candidate.route == routes.EDGE and candidate.exact]


def placement_ms(runner: QueryRunner, photos: Photos, repeats: int = 200) -> float:
    """Median time to choose among all candidates."""
    query = photos.large(1, runner.profile.on_towers)[0]
    options = runner.options(query.task)
    device = runner.node(DEVICE)
    edges = fleet.edges(fleet.online(set()))
    link, load, previous = fleet.link_of(DEVICE), fleet.load(device, edges), fleet.previous(device, query.task)
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        choose(options, link, load, policies.named("fastest", 0.02), previous=previous)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def _decision(measured: Measurement, number: int) -> Decision:
    return {
        "question": number,
        "task": measured.task,
        "route": measured.route,
        "way": label(measured.key),
        "bytes": measured.bytes,
        "up_bytes_per_s": measured.up_bytes_per_s,
        "predicted_ms": None if measured.predicted_ms is None else round(measured.predicted_ms, 1),
        "ms": round(measured.ms, 1),
    }


def label(key: Key) -> str:
    route, split_at, level, codec, quality, _, refine_to, *_ = key
    if route == "split":
        return f"split {split_at}, level {level}" + (f" to {refine_to}" if refine_to else "")
    return f"{route} {codec} {quality}" if codec else route
