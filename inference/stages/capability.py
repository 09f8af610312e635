"""The capability to answer: loads the models of a profile, measures them, and registers every family of jobs. No Django.

Importing this needs none of the packages that compute; a node without an engine says what to install.
"""

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery

from devices.agent import jobs, memory
from devices.agent.capabilities import Finding, Profile, Unavailable
from devices.agent.runtime import Runtime
from devices.contract.heartbeat import MAX_SENTENCE
from devices.contract.protocol import ANSWERING, PROTOCOL
from inference.engine import catalogue, engines
from inference.engine.bundles.signed_manifest import BundleError
from inference.engine.bundles.store import Store, made_from
from inference.engine.engines.engine import Resources

if TYPE_CHECKING:
    from inference.engine.runner import Vision

log = logging.getLogger(__name__)
NO_ENGINE = "Answering needs ONNX Runtime or torch; install isthmus-agent[onnx]."


class Answering:
    queue = ANSWERING

    def obstacle(self) -> str:
        return NO_ENGINE if all(engine.absence() for engine in engines.ENGINES) else ""

    def start(self, app: Celery, runtime: Runtime) -> Profile:
        from inference.engine.engines.choice import choose
        from inference.engine.engines.gpu_fallback import GpuWithFallback
        from inference.engine.runner import Vision
        from inference.stages.families import Stages

        bundles, problem = _bundles(runtime)
        try:
            chosen = choose(runtime.profile_name, bundles, resources(runtime.home))
        except (catalogue.ModelsMissing, engines.NoEngine) as error:
            raise Unavailable(problem or str(error), passes=bool(problem)) from error
        vision, what = Vision(chosen.engine), chosen.engine.description
        jobs.register(app, Stages(runtime, vision).tasks)
        for task, sentence in vision.unavailable.items():
            log.warning("this node does not answer %s: %s", task, sentence)
        log.info("computing with %s on %s. %s", what.name, what.device, chosen.reason)
        if isinstance(chosen.engine, GpuWithFallback):
            chosen.engine.changed = lambda: _report_soon(runtime, vision)
        return measured(vision, runtime.slowdown, chosen.reason)

    def models_obstacle(self, profile: str) -> str:
        """What the server can export needs nothing here but an engine for it."""
        try:
            sentences = catalogue.missing(catalogue.profile(profile))
        except catalogue.UnknownProfile as error:
            return str(error)
        fetched = any(engine.reads_bundles and not engine.absence() for engine in engines.ENGINES)
        return sentences[0] if sentences and not fetched else ""

    def examine(self, home: Path, profile: str) -> Iterator[Finding]:
        from inference.stages import self_test

        yield from self_test.findings(profile, _store(home, profile), resources(home))


def _store(home: Path, profile: str) -> Store:
    """Where the exported models are. A node on the server's own machine reads the server's folder while that has the present
    models; otherwise a node fetches them into its home."""
    if folder := os.environ.get("ISTHMUS_BUNDLES"):
        present = Store(Path(folder)).current(profile)
        if present and present.name == made_from(catalogue.profile(profile)):
            return Store(Path(folder))
    return Store(home / "bundles")


def _bundles(runtime: Runtime) -> tuple[Store, str]:
    """The same with the server's newest models, and a sentence where they could not be had."""
    from inference.stages import bundle_source

    name, own = runtime.profile_name, runtime.home / "bundles"
    store = _store(runtime.home, name)
    if store.root != own:
        return store, ""
    if all(engine.absence() for engine in engines.ENGINES if engine.reads_bundles):
        return store, ""
    try:
        bundle_source.newest(name, store, bundle_source.of(runtime.home))
    except BundleError as error:
        log.warning("without a bundle of the %s models: %s", name, error)
        return store, str(error)
    return store, ""


def measured(vision: "Vision", slowdown: float, reason: str) -> dict[str, object]:
    """As heartbeat.MeasuredProfile."""
    from inference.engine.measure import measure

    times, what = measure(vision, slowdown), vision.engine.description
    memory.give_back()
    facts = {"name": vision.profile.name, "digest": vision.digest, "protocol": PROTOCOL, "tasks": times}
    engine = {"name": what.name, "device": what.device, "precision": what.precision, "reason": reason[:MAX_SENTENCE]}
    return {**facts, "unavailable": vision.unavailable, "engine": engine}


def _report_soon(runtime: Runtime, vision: "Vision") -> None:
    """Another engine has taken over within a job: measure it once that has ended, and report it."""

    def report() -> None:
        with runtime.compute_lock.of(""):
            profile = measured(vision, runtime.slowdown, vision.engine.description.note)
        runtime.report(profile)

    threading.Thread(target=report, name="measures the other engine", daemon=True).start()


def resources(home: Path) -> Resources:
    # As many threads as torch would take: ONNX Runtime does not read this variable.
    return Resources(int(os.environ.get("OMP_NUM_THREADS") or 0) or None, cache=home / "engines")


ANSWERING_CAPABILITY = Answering()
