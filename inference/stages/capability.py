"""The capability to answer: loads the models of a profile, measures them, and registers every family of jobs. No Django.

Importing this needs none of the packages that compute; a node without an engine says what to install.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery

from devices.agent import jobs, memory
from devices.agent.capabilities import Finding, NoRoom, Profile, Unavailable
from devices.agent.runtime import Runtime
from devices.contract.heartbeat import MAX_SENTENCE, Models
from devices.contract.protocol import ANSWERING, PROTOCOL
from inference.engine import catalogue, engines
from inference.engine.bundles.signed_manifest import BundleError
from inference.engine.engines.engine import Resources
from inference.engine.model_files import weights_file
from inference.stages.node_bundles import NodeBundles

if TYPE_CHECKING:
    from devices.agent.watching.judge import Judge
    from inference.engine.runner import Vision
    from inference.stages.families import Stages

log = logging.getLogger(__name__)
NO_ENGINE = "Answering needs ONNX Runtime or torch; install isthmus-agent[onnx]."
# Weights are stored in half precision where it holds them exactly, and computed with in twice as many bytes; then there is
# what the first answers take.
WIDENED, WORK_MB = 2, 100.0


class Answering:
    queue = ANSWERING

    def __init__(self) -> None:
        self.stages: Stages | None = None  # once it has started

    def obstacle(self) -> str:
        return NO_ENGINE if all(engine.absence() for engine in engines.ENGINES) else ""

    def start(self, app: Celery, runtime: Runtime) -> Profile:
        from inference.stages.families import Stages

        folder, problem = _to_start_with(runtime)
        try:
            vision, profile = self._load(runtime, runtime.profile_name, folder)
        except Unavailable as why:
            raise Unavailable(problem or str(why), passes=bool(problem)) from why
        self.stages = Stages(runtime, vision)
        jobs.register(app, self.stages.tasks)
        return profile

    def judge(self) -> "Judge | None":
        """As devices.agent.watching.judge.LooksAtFrames."""
        if self.stages is None:
            return None
        from inference.stages.watching.frame_judge import FrameJudge

        return FrameJudge(self.stages.context)

    def models_obstacle(self, profile: str) -> str:
        """What the server can export needs nothing here but an engine for it."""
        try:
            sentences = catalogue.missing(catalogue.profile(profile))
        except catalogue.UnknownProfile as error:
            return str(error)
        return sentences[0] if sentences and not _reads_bundles() else ""

    def fetch(self, runtime: Runtime, models: Models, note: Callable[[str], None]) -> str:
        bundles = NodeBundles(runtime.home)
        if not _reads_bundles():
            return ""
        if bundles.shared and (current := bundles.shared.current(models.profile)) and current.name == models.bundle:
            return models.bundle
        try:
            return bundles.bring(models.profile, note).name
        except BundleError as error:
            raise Unavailable(str(error), passes=error.passes) from error

    def change(self, runtime: Runtime, models: Models) -> Profile:
        if self.stages is None:
            raise NoRoom(f"It starts over with the {models.profile} models.")
        folder = NodeBundles(runtime.home).find(models.profile, models.bundle)
        on_gpu = self.stages.context.vision.engine.description.device != "cpu"
        if not runtime.has_room(WIDENED * _megabytes(models.profile, folder) + WORK_MB):
            raise NoRoom(f"Its memory holds one set of models: it answers again once the {models.profile} models are loaded.")
        vision, profile = self._load(runtime, models.profile, folder)
        if on_gpu and vision.engine.description.device == "cpu":
            raise NoRoom(f"Its GPU holds one set of models: it answers again once the {models.profile} models are loaded.")
        self.stages.use(vision)
        memory.give_back()
        return profile

    def examine(self, home: Path, profile: str) -> Iterator[Finding]:
        from inference.stages import self_test

        yield from self_test.findings(profile, NodeBundles(home).present(profile), resources(home))

    def _load(self, runtime: Runtime, profile: str, folder: Path | None) -> "tuple[Vision, Profile]":
        """Checked against the bundle's reference and measured, between the jobs of other models. Raises Unavailable."""
        from inference.engine.engines.choice import choose
        from inference.engine.engines.gpu_fallback import GpuWithFallback
        from inference.engine.runner import Vision

        try:
            chosen = choose(profile, folder, resources(runtime.home))
        except (catalogue.ModelsMissing, engines.NoEngine) as error:
            raise Unavailable(str(error)) from error
        vision, what, bundle = Vision(chosen.engine), chosen.engine.description, folder.name if folder else ""
        facts = measured(runtime, vision, bundle, chosen.reason)
        if folder is not None:
            NodeBundles(runtime.home).use(profile, folder)
        for task, sentence in vision.unavailable.items():
            log.warning("this node does not answer %s: %s", task, sentence)
        log.info("computing with %s on %s. %s", what.name, what.device, chosen.reason)
        if isinstance(chosen.engine, GpuWithFallback):
            chosen.engine.changed = lambda: self._report_soon(runtime, vision, bundle)
        return vision, facts

    def _report_soon(self, runtime: Runtime, vision: "Vision", bundle: str) -> None:
        """Another engine has taken over within a job: measure it once that has ended, and report it."""

        def report() -> None:
            profile = measured(runtime, vision, bundle, vision.engine.description.note)
            if self.stages is not None and self.stages.context.vision is vision:  # no other models have been loaded since
                runtime.report(profile)

        threading.Thread(target=report, name="measures the other engine", daemon=True).start()


def measured(runtime: Runtime, vision: "Vision", bundle: str, reason: str) -> dict[str, object]:
    """As heartbeat.MeasuredProfile."""
    from inference.engine.measure import measure

    times, what = measure(vision, runtime.slowdown, turn=lambda: runtime.compute_lock.of("")), vision.engine.description
    memory.give_back()
    facts = {"name": vision.profile.name, "digest": vision.digest, "bundle": bundle, "protocol": PROTOCOL, "tasks": times}
    engine = {"name": what.name, "device": what.device, "precision": what.precision, "reason": reason[:MAX_SENTENCE]}
    return {**facts, "unavailable": vision.unavailable, "engine": engine}


def resources(home: Path) -> Resources:
    # As many threads as torch would take: ONNX Runtime does not read this variable.
    return Resources(int(os.environ.get("OMP_NUM_THREADS") or 0) or None, cache=home / "engines")


def _reads_bundles() -> bool:
    return any(engine.reads_bundles and not engine.absence() for engine in engines.ENGINES)


def _to_start_with(runtime: Runtime) -> tuple[Path | None, str]:
    """The folder of the exported models, and a sentence where the server's could not be had. What is here is enough: the server
    says when there is something newer."""
    bundles, name = NodeBundles(runtime.home), runtime.profile_name
    folder = bundles.find(name, runtime.bundle) if runtime.bundle else bundles.present(name)
    if folder is not None or not _reads_bundles():
        return folder, ""
    try:
        return bundles.bring(name), ""
    except BundleError as error:
        log.warning("without a bundle of the %s models: %s", name, error)
        return None, str(error)


def _megabytes(profile: str, folder: Path | None) -> float:
    """Of the files that are loaded."""
    plain = catalogue.profile(profile)
    places = [place for task in plain.on_towers if (place := plain.folders[task])]
    files = [*folder.rglob("*.onnx")] if folder else [weights_file(place) for place in places]
    return sum(file.stat().st_size for file in files if file.exists()) / 1e6


ANSWERING_CAPABILITY = Answering()
