"""Starts the edges, and gives both of them the same jobs in turn."""

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import redis
from PIL import Image

from bench.batching import report
from bench.batching.callers import Callers, Run
from bench.batching.edge import Edge
from bench.engines import measurement as engines_bench
from bench.engines import photos
from bench.engines.photos import Photo
from bench.harness.processes import running_redis
from devices.contract.jobs import Job, RunTail, RunWhole
from devices.contract.protocol import blob_key
from devices.contract.results import Answered
from inference.engine import runner
from inference.engine.bundles.store import profile_of
from inference.engine.tasks import SHARED_TOWER
from webapp.ops import private_redis

Jobs = list[Job[Answered]]
TASKS = ("classify", "caption", "vqa")
CORES, PHOTOS = 2, 48
MOST = {"edge-batches": 8, "edge-one-by-one": 1}


@dataclass(frozen=True)
class Plan:
    rounds: int
    jobs: dict[int, int]  # of each edge in each round, by the number of callers
    wholes: int  # of the same, at the most callers


FULL = Plan(rounds=9, jobs={1: 60, 4: 120, 16: 192}, wholes=96)
QUICK = Plan(rounds=2, jobs={1: 24, 4: 48, 16: 96}, wholes=48)


@dataclass
class Rounds:
    """The runs of both edges, those of one round at the same place."""

    batches: list[Run] = field(default_factory=list)
    one_by_one: list[Run] = field(default_factory=list)


@dataclass
class Results:
    tails: dict[int, Rounds]  # by the number of callers
    wholes: Rounds = field(default_factory=Rounds)


def measure(plan: Plan, data: Path) -> dict[str, Any]:
    chosen, bundle, threads = photos.choose(data, PHOTOS), engines_bench.bundle(), _two_cores()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        private = private_redis.prepare(Path(folder))
        stack.enter_context(running_redis(private))
        os.environ |= {"REDIS_URL": private.url, "ISTHMUS_VAR": folder, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
        edges = [
            stack.enter_context(Edge(slug, Path(folder), private.url, bundle.folder.parents[1], most, threads))
            for slug, most in MOST.items()
        ]
        tails, wholes = _jobs(chosen, bundle.folder, private.url)
        for slug in MOST:
            Callers(slug, 4).ask([*tails, *wholes[: len(tails) // 4]])  # the first calls are slower, and batches are tried out
        results = Results({count: Rounds() for count in plan.jobs})
        for number in range(plan.rounds):
            for count, jobs in plan.jobs.items():
                _both(results.tails[count], count, list(islice(cycle(tails), jobs)), number)
            _both(results.wholes, max(plan.jobs), list(islice(cycle(wholes), plan.wholes)), number)
    return report.figures(results, {"cores": CORES, "threads": threads, "engine": edges[0].engine, "rounds": plan.rounds})


def _both(rounds: Rounds, callers: int, jobs: Jobs, number: int) -> None:
    """One round, begun by the other edge than the one before."""
    turns: list[tuple[str, Callable[[Run], None]]] = list(
        zip(MOST, (rounds.batches.append, rounds.one_by_one.append), strict=True)
    )
    for slug, append in turns if number % 2 else reversed(turns):
        append(Callers(slug, callers).ask(jobs))


def _jobs(chosen: Sequence[Photo], bundle: Path, url: str) -> tuple[Jobs, Jobs]:
    """Tails and wholes, a photo and a task each; their features and photos lie ready at both edges."""
    vision, tails, wholes = runner.load(profile_of(bundle), threads=CORES), Jobs(), Jobs()
    k = vision.profile.split_points(SHARED_TOWER)[-1]
    level = vision.profile.code_levels(SHARED_TOWER, k)[-1].level
    with redis.Redis.from_url(url) as store:
        for number, (photo, task) in enumerate(zip(chosen, cycle(TASKS), strict=False)):
            packet = vision.run_head(task, Image.open(photo.file), k, level)
            for slug in MOST:
                store.set(blob_key(slug, f"features-{number}"), packet)
                store.set(blob_key(slug, f"photo-{number}"), Path(photo.file).read_bytes())
            question = photo.question if task == "vqa" else None
            about: dict[str, Any] = {"task": task, "question": question}
            tails.append(RunTail(**about, photo=f"{number}", split_at=k, level=level, blob=f"features-{number}"))
            wholes.append(RunWhole(**about, blob=f"photo-{number}"))
    return tails, wholes


def _two_cores() -> int:
    """Confines this process and those that it starts to them. The threads that engines are to have."""
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    return len(cores)
