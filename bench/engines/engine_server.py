"""The process of one engine: what a node's agent imports, the models, and replies to the bench's messages.

It imports nothing else, so that its memory is a node's.
"""

import functools
import importlib
import os
import pkgutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from bench.engines import messages
from bench.engines.messages import Absent, Answers, GiveAnswers, MeasureMemory, Memory, Ready, TimeWork
from devices.agent import memory
from inference.engine import catalogue, engines
from inference.engine.bundles.store import profile_of
from inference.engine.codecs import photo_codec
from inference.engine.engines.engine import Engine, Resources
from inference.engine.runner import Vision, query
from inference.engine.tasks import SHARED_TOWER

PROFILE = "compact"
CPU, GPU = "cpu", "cuda"
TASKS = ("classify", "caption", "vqa")


class Request(NamedTuple):
    task: str
    question: str | None = None


# Whole answers, by the name of the work. `head` and `tail` are the classifier's two parts.
ANSWERS = {
    "whole": Request("classify"),
    "caption": Request("caption"),
    "vqa": Request("vqa", "what colour is it?"),
    "presence": Request("vqa", "is there a dog?"),
}
WORKS = ("head", "tail", *ANSWERS)
AGENT = ("capabilities", "heartbeat", "training_supervisor", "uploads", "worker", "home.model_change")


def command(engine: str, device: str, bundle: Path) -> list[str]:
    return [sys.executable, "-c", "from bench.engines import engine_server; engine_server.run()", engine, device, str(bundle)]


def run() -> None:
    """Serves the messages on standard input until it ends."""
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not disturb the replies
    name, device, bundle = sys.argv[1:]
    _import_agent()
    try:
        vision = Vision(_load(name, device, Path(bundle)), threads=1)
    except (EngineAbsent, engines.NoEngine, catalogue.ModelsMissing) as error:
        messages.send(replies, Absent(str(error)))
        return
    memory.give_back()
    server = Server(vision)
    messages.send(replies, server.ready())
    while True:
        try:
            request = messages.receive(requests)
        except EOFError:
            return
        messages.send(replies, server.reply(request))


class EngineAbsent(Exception):
    """One sentence."""


class Server:
    def __init__(self, vision: Vision) -> None:
        self.vision, self.split_at = vision, vision.profile.split_points(SHARED_TOWER)[-1]
        # Processor time is not lengthened by what else the machine does; a GPU's work is not in it.
        on_cpu = vision.engine.description.device == CPU
        self.clock: Callable[[], float] = time.process_time if on_cpu else time.perf_counter

    def ready(self) -> Ready:
        what = self.vision.engine.description
        return Ready(what.name, what.device, what.precision, self.split_at, resident())

    def reply(self, request: Any) -> Any:
        match request:
            case TimeWork(work, photo):
                return self.milliseconds(work, image(photo))
            case GiveAnswers(photo, question):
                return self.answers(image(photo), question)
            case MeasureMemory(after_trim):
                if after_trim:
                    memory.give_back()
                return resident()
        raise ValueError(f"{request} is no message of this bench")

    def milliseconds(self, work: str, photo: Image.Image) -> float:
        call = self._call(work, photo)
        started = self.clock()
        call()
        return 1000 * (self.clock() - started)

    def _call(self, work: str, photo: Image.Image) -> Callable[[], object]:
        engine = self.vision.engine
        if work == "head":
            return functools.partial(engine.head, SHARED_TOWER, photo, self.split_at)
        if work == "tail":
            features = engine.head(SHARED_TOWER, photo, self.split_at)
            return functools.partial(engine.tails, [query(SHARED_TOWER, None)], [features], self.split_at)
        return functools.partial(self.vision.run_whole, ANSWERS[work].task, photo, ANSWERS[work].question)

    def answers(self, photo: Image.Image, question: str) -> Answers:
        questions = {"vqa": question}
        texts = {task: self.vision.run_whole(task, photo, questions.get(task)).text for task in TASKS}
        return Answers(texts, self.vision.engine.head(SHARED_TOWER, photo, self.split_at))


def image(photo: str) -> Image.Image:
    return photo_codec.decode(Path(photo).read_bytes())


def resident() -> Memory:
    """Of this process. Linux only."""
    lines = (line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
    sizes = {name.rstrip(":"): int(size) * 1024 / 1e6 for name, size, *_ in lines}
    return Memory(round(sizes["Rss"], 1), round(sizes["Anonymous"], 1))


def _import_agent() -> None:
    """What the agent's process imports before it loads models, and every family of jobs."""
    import inference.stages

    families = [f"inference.stages.{module.name}" for module in pkgutil.iter_modules(inference.stages.__path__)]
    for module in (*(f"devices.agent.{name}" for name in AGENT), *families):
        importlib.import_module(module)
    memory.without_scipy()


def _load(name: str, device: str, bundle: Path) -> Engine:
    """Raises EngineAbsent, NoEngine or ModelsMissing."""
    kind = next(kind for kind in engines.ENGINES if kind.name == name)
    profile = profile_of(bundle) if kind.reads_bundles else catalogue.profile(PROFILE)
    engine = kind.load(profile, Resources(threads=1, device=device, cache=bundle.parent / "engines"))
    if engine.description.device != device:
        raise EngineAbsent(engine.description.note or "It computes on the CPU here.")
    return engine
