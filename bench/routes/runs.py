"""What `bench.routes` does to the system: the mixed run at each bandwidth, a drop in mid-run, an edge that becomes busy."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.routes.photos import Photos
from bench.routes.ways import AHEAD, OURS, Asked, Asker, Told, only
from bench.routes.world import DEVICE, EDGE, HEARD_S, OTHER, World
from devices.registry import enrolment
from inference.placement import fleet, policies, routes
from inference.placement.choose import choose
from inference.placement.prediction import Candidate, Key
from inference.receipt import CandidateRecord

FROM, TO = 1_000_000, 100_000  # bytes per second before and after the drop
DROP_TASK, BUSY_TASK, CROWD_TASK = "classify", "classify", "vqa"
BUSY_RATE = 300_000
CROWD, CROWDED_SLOWDOWN = 3, 5.0  # questions at the edge at once while it is busy; slowed, or the cores would be busy too


@dataclass
class Runs:
    """Everything that was asked."""

    fixed: dict[str, Key]
    mixed: dict[int, list[Told]] = field(default_factory=dict)
    drop: list[dict[str, Any]] = field(default_factory=list)
    busy: list[dict[str, Any]] = field(default_factory=list)
    placement_ms: float = 0.0


def run(world: World, photos: Photos, rates: Sequence[int], each: int, around: int, said: Callable[[str], None]) -> Runs:
    """`each` questions a way and bandwidth; `around` a drop and a crowd on either side."""
    world.rate(max(rates))
    asker = Asker()
    runs = Runs(asker.fixed(list(rates)))
    for rate in rates:
        said(f"{rate // 1000} KB/s")
        world.rate(rate)
        runs.mixed[rate] = mixed(asker, photos, runs.fixed, each)
    said(f"{FROM // 1000} to {TO // 1000} KB/s in mid-run")
    runs.drop = drop(world, asker, photos, around)
    said("an edge that becomes busy")
    world.rate(BUSY_RATE)
    runs.busy = busy(asker, photos, runs.fixed, around)
    runs.placement_ms = placement_ms(asker, photos)
    return runs


def mixed(asker: Asker, photos: Photos, fixed: dict[str, Key], each: int) -> list[Told]:
    """The ways take turns at every question, each time in another order, so that a slow minute hits all alike."""
    tasks = asker.profile.tasks
    for asked in photos.large(len(tasks), tasks):  # not counted: the link was another one a moment ago
        asker.ask(OURS, asked, asker.photo(asked.file))
    found = []
    ways = [OURS, AHEAD, *fixed]
    for number, asked in enumerate(photos.large(each, tasks)):
        shared = asker.photo(asked.file)  # only the split leaves something behind, and only it could use that
        for way in [*ways[number % len(ways) :], *ways[: number % len(ways)]]:
            if way in fixed:
                found.append(asker.ask(way, asked, shared, only(fixed[way])))
            else:
                found.append(asker.ask(way, asked, asker.photo(asked.file, prepared=way == AHEAD)))
    return found


def drop(world: World, asker: Asker, photos: Photos, around: int) -> list[dict[str, Any]]:
    """One decision after the other: small photos, which a fast link carries sooner than a slow device computes a head."""
    recorded: list[dict[str, Any]] = []
    for rate, count in ((FROM, around), (TO, around)):
        world.rate(rate)
        for asked in photos.small(count, DROP_TASK):
            told = asker.ask(OURS, asked, asker.photo(asked.file))
            recorded.append({"question": len(recorded) + 1, "rate": rate, **_decision(told), **_in_truth(told, rate)})
    return recorded


def _in_truth(told: Told, rate: int) -> dict[str, float]:
    """What the same predictions would have been with the bandwidth known: of the way taken, and of the best one."""
    known = [one for one in told.options if one["allowed"] and one["predicted_ms"] is not None]

    def ms(one: CandidateRecord) -> float:
        estimated = told.up_bytes_per_s or rate
        return (one["predicted_ms"] or 0.0) + one["uplink_bytes"] * (1 / rate - 1 / estimated) * 1000

    taken = next((ms(one) for one in known if one["chosen"]), told.ms)
    return {"at_true_rate_ms": round(taken, 1), "best_at_true_rate_ms": round(min(map(ms, known), default=taken), 1)}


def busy(asker: Asker, photos: Photos, fixed: dict[str, Key], around: int) -> list[dict[str, Any]]:
    """The same while others ask the edge too, beside what the fixed split takes."""
    recorded: list[dict[str, Any]] = []

    def stretch(crowd: int) -> None:
        for asked in photos.small(around, BUSY_TASK):
            told = asker.ask(OURS, asked, asker.photo(asked.file))
            beside = asker.ask("split", asked, asker.photo(asked.file), only(fixed["split"]))
            recorded.append({"question": len(recorded) + 1, "crowd": crowd, **_decision(told), "split_ms": round(beside.ms, 1)})

    stretch(0)
    with Crowd(asker, photos):
        stretch(CROWD)
    stretch(0)
    return recorded


class Crowd:
    """Context manager: others who ask the edge about whole photos, one question after the other, over a fast link."""

    def __init__(self, asker: Asker, photos: Photos) -> None:
        self.asker, self.over = asker, threading.Event()
        asked = photos.small(1, CROWD_TASK)[0]
        self.threads = [threading.Thread(target=self._ask, args=(asked,)) for _ in range(CROWD)]

    def __enter__(self) -> None:
        enrolment.simulate(EDGE, None, CROWDED_SLOWDOWN)
        time.sleep(HEARD_S)
        for thread in self.threads:
            thread.start()
        time.sleep(1.0)

    def __exit__(self, *error: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        enrolment.simulate(EDGE, None, 1.0)
        time.sleep(HEARD_S)

    def _ask(self, asked: Asked) -> None:
        from django.db import connection

        photo = self.asker.photo(asked.file, node=OTHER)
        while not self.over.is_set():
            self.asker.ask("crowd", asked, photo, _whole_photo, OTHER)
        connection.close()


def _whole_photo(options: list[Candidate]) -> list[Candidate]:
    return [one for one in options if one.route == routes.EDGE and one.exact]


def placement_ms(asker: Asker, photos: Photos, repeats: int = 200) -> float:
    """Choosing among all candidates, the median of many times."""
    asked = photos.large(1, asker.profile.tasks)[0]
    options = asker.options(asked.task)
    device = asker.node(DEVICE)
    edges = fleet.edges(fleet.online(set()))
    link, load, previous = fleet.link_of(DEVICE), fleet.load(device, edges), fleet.previous(device, asked.task)
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        choose(options, link, load, policies.named("fastest", 0.02), previous=previous)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def _decision(told: Told) -> dict[str, Any]:
    return {
        "task": told.task,
        "route": told.route,
        "way": name_of(told.used),
        "bytes": told.bytes,
        "up_bytes_per_s": told.up_bytes_per_s,
        "predicted_ms": None if told.predicted_ms is None else round(told.predicted_ms, 1),
        "ms": round(told.ms, 1),
    }


def name_of(key: Key) -> str:
    route, split_at, level, codec, quality, _, refine_to, _ = key
    if route == "split":
        return f"split {split_at}, level {level}" + (f" to {refine_to}" if refine_to else "")
    return f"{route} {codec} {quality}" if codec else route
