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

log = logging.getLogger(__name__)
NO_ENGINE = "Answering needs ONNX Runtime or torch; install isthmus-agent[onnx]."


class Answering:
    queue = ANSWERING

    def obstacle(self) -> str:
        return NO_ENGINE if all(engine.absence() for engine in engines.ENGINES) else ""

    def start(self, app: Celery, runtime: Runtime) -> Profile:
        from inference.engine.bundles.store import Store
        from inference.engine.engines.choice import choose
        from inference.engine.measure import measure
        from inference.engine.runner import Vision
        from inference.stages.families import Stages

        try:
            chosen = choose(runtime.profile_name, Store(bundles_folder(runtime.home)))
        except (catalogue.ModelsMissing, engines.NoEngine) as error:
            raise Unavailable(str(error)) from error
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
        try:
            sentences = catalogue.missing(catalogue.profile(profile))
        except catalogue.UnknownProfile as error:
            return str(error)
        return sentences[0] if sentences else ""

    def describe(self, home: Path) -> Mapping[str, str]:
        return {}


def bundles_folder(home: Path) -> Path:
    """Where a node's exported models are: its own, or those of the server on the same machine."""
    return Path(os.environ.get("ISTHMUS_BUNDLES") or home / "bundles")


ANSWERING_CAPABILITY = Answering()
