"""The capability to answer: loads the models of a profile, measures them, and registers every family of jobs. No Django.

Importing this needs none of the packages that compute; a node without an engine says what to install.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from celery import Celery

from devices.agent import jobs, memory
from devices.agent.capabilities import Profile, Unavailable
from devices.agent.runtime import Runtime
from devices.contract.heartbeat import MAX_SENTENCE
from devices.contract.protocol import ANSWERING, PROTOCOL
from inference.engine import catalogue, engines
from inference.engine.bundles.signed_manifest import BundleError
from inference.engine.bundles.store import Store, made_from

log = logging.getLogger(__name__)
NO_ENGINE = "Answering needs ONNX Runtime or torch; install isthmus-agent[onnx]."


class Answering:
    queue = ANSWERING

    def obstacle(self) -> str:
        return NO_ENGINE if all(engine.absence() for engine in engines.ENGINES) else ""

    def start(self, app: Celery, runtime: Runtime) -> Profile:
        from inference.engine.engines.choice import choose
        from inference.engine.measure import measure
        from inference.engine.runner import Vision
        from inference.stages.families import Stages

        bundles, problem = _bundles(runtime)
        try:
            # As many threads as torch would take: ONNX Runtime does not read this variable.
            chosen = choose(runtime.profile_name, bundles, int(os.environ.get("OMP_NUM_THREADS") or 0) or None)
        except (catalogue.ModelsMissing, engines.NoEngine) as error:
            raise Unavailable(problem or str(error), passes=bool(problem)) from error
        vision, what = Vision(chosen.engine), chosen.engine.description
        times = measure(vision, runtime.slowdown)
        memory.give_back()
        jobs.register(app, Stages(runtime, vision).tasks)
        for task, sentence in vision.unavailable.items():
            log.warning("this node does not answer %s: %s", task, sentence)
        log.info("computing with %s on %s. %s", what.name, what.device, chosen.reason)
        facts = {"name": vision.profile.name, "digest": vision.digest, "protocol": PROTOCOL, "tasks": times}
        engine = {"name": what.name, "device": what.device, "precision": what.precision, "reason": chosen.reason[:MAX_SENTENCE]}
        return {**facts, "unavailable": vision.unavailable, "engine": engine}

    def models_obstacle(self, profile: str) -> str:
        """What the server can export needs nothing here but an engine for it."""
        try:
            sentences = catalogue.missing(catalogue.profile(profile))
        except catalogue.UnknownProfile as error:
            return str(error)
        fetched = any(engine.reads_bundles and not engine.absence() for engine in engines.ENGINES)
        return sentences[0] if sentences and not fetched else ""

    def describe(self, home: Path) -> Mapping[str, str]:
        return {}


def _bundles(runtime: Runtime) -> tuple[Store, str]:
    """Where the exported models are, and a sentence where the server's could not be had. A node on the server's own machine
    reads the server's folder while that has the present models; otherwise a node fetches them into its home."""
    from inference.stages import bundle_source

    name, shared = runtime.profile_name, Store(Path(os.environ.get("ISTHMUS_BUNDLES") or runtime.home / "bundles"))
    present = shared.current(name)
    if os.environ.get("ISTHMUS_BUNDLES") and present and present.name == made_from(catalogue.profile(name)):
        return shared, ""
    store = Store(runtime.home / "bundles")
    if all(engine.absence() for engine in engines.ENGINES if engine.reads_bundles):
        return store, ""
    try:
        bundle_source.newest(name, store, bundle_source.of(runtime.home))
    except BundleError as error:
        log.warning("without a bundle of the %s models: %s", name, error)
        return store, str(error)
    return store, ""


ANSWERING_CAPABILITY = Answering()
