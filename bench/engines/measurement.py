"""Starts the engines' processes, and gives each of them the same work in turn."""

import os
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.engines import engine_server
from bench.engines.agreement import Agreement
from bench.engines.engine_process import EngineAbsent, EngineProcess
from bench.engines.messages import Answers, GiveAnswers, MeasureMemory, Memory, TimeWork
from bench.engines.photos import Photo
from inference.engine import catalogue, engines
from inference.engine.bundles import store
from inference.engine.bundles.store import MANIFEST, Store

REFERENCE = "torch_cpu"
RESULTS = Path("bench/results/engines.json")
BUNDLES = "ISTHMUS_BUNDLES"


@dataclass(frozen=True)
class Plan:
    starts: int  # of each process
    rounds: int  # in each, every engine does every work once


@dataclass(frozen=True)
class Bundle:
    folder: Path
    files: int
    megabytes: float
    export_s: float | None  # None: it was there


@dataclass
class EngineResult:
    key: str  # engine and device
    split_at: int
    ready_s: list[float] = field(default_factory=list)  # one for each start
    ms: dict[str, list[float]] = field(default_factory=dict)  # by work, one for each round
    memory: dict[str, Memory] = field(default_factory=dict)  # `ready`, `idle` (after a first answer, trimmed), `answered`
    agreement: Agreement | None = None  # None for the reference, and without one


@dataclass
class Starts:
    """Of all processes."""

    folder: Path  # of the bundle
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # by the engine's key
    absent: dict[str, str] = field(default_factory=dict)  # by "engine on device", why it cannot compute here

    def start(self, stack: ExitStack) -> list[EngineProcess]:
        """One of each engine; they end with the stack."""
        processes = []
        for name, device in candidates():
            try:
                process = stack.enter_context(EngineProcess(name, device, self.folder))
            except EngineAbsent as error:
                self.absent[f"{name} on {device}"] = str(error)
                continue
            self.seconds[process.key].append(process.ready_s)
            processes.append(process)
        return processes


def bundle() -> Bundle:
    """Of the compact models, exported where it is not there yet. Raises ModelsMissing."""
    bundles, profile = Store(Path(os.environ.get(BUNDLES) or "var/bundles")), catalogue.profile(engine_server.PROFILE)
    folder, seconds = bundles.folder(profile.name, store.made_from(profile)), None
    if not (folder / MANIFEST).exists():
        from inference.engine.bundles.export import export

        started = time.perf_counter()
        folder = export(profile, bundles)
        seconds = time.perf_counter() - started
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return Bundle(folder.resolve(), len(sizes), sum(sizes) / 1e6, seconds)


def candidates() -> list[tuple[str, str]]:
    """(engine, device) of those that may run here."""
    return [
        (kind.name, device)
        for kind in engines.ENGINES
        if not kind.absence()
        for device in (engine_server.CPU, engine_server.GPU)
        if device == engine_server.CPU or kind.sees_gpu()
    ]


def measure(plan: Plan, folder: Path, photos: Sequence[Photo]) -> tuple[list[EngineResult], dict[str, str]]:
    """The engines' results, and why others cannot compute here. `folder`: of the bundle."""
    starts = Starts(folder)
    for _ in range(plan.starts - 1):
        with ExitStack() as stack:
            starts.start(stack)
    with ExitStack() as stack:
        pairs = [
            (process, EngineResult(process.key, process.ready.split_at, starts.seconds[process.key]))
            for process in starts.start(stack)
        ]
        _warm_up(pairs, photos[0])
        _time(pairs, photos, plan.rounds)
        _compare(pairs, photos)
        for process, result in pairs:
            result.memory["answered"] = process.ask(MeasureMemory(after_trim=False))
    return [result for _, result in pairs], starts.absent


def _warm_up(pairs: Sequence[tuple[EngineProcess, EngineResult]], photo: Photo) -> None:
    """The first call of each work is slower. A node measures its models before it waits for questions: so it is idle now."""
    for process, result in pairs:
        result.memory["ready"] = process.ready.memory
        for work in engine_server.WORKS:
            process.ask(TimeWork(work, photo.file))
        result.memory["idle"] = process.ask(MeasureMemory(after_trim=True))


def _time(pairs: Sequence[tuple[EngineProcess, EngineResult]], photos: Sequence[Photo], rounds: int) -> None:
    """Each round is about another photo, and begins with the other end of the list of engines."""
    for number in range(rounds):
        request_photo = photos[number % len(photos)].file
        for work in engine_server.WORKS:
            for process, result in pairs if number % 2 else reversed(pairs):
                result.ms.setdefault(work, []).append(process.ask(TimeWork(work, request_photo)))


def _compare(pairs: Sequence[tuple[EngineProcess, EngineResult]], photos: Sequence[Photo]) -> None:
    others = [result for _, result in pairs if result.key != REFERENCE]
    if len(others) == len(pairs):
        return
    agreements = {result.key: Agreement() for result in others}
    for photo in photos:
        request = GiveAnswers(photo.file, photo.question)
        answers: dict[str, Answers] = {result.key: process.ask(request) for process, result in pairs}
        for key, agreement in agreements.items():
            agreement.add(photo, answers[REFERENCE], answers[key])
    for result in others:
        result.agreement = agreements[result.key]
