"""The capability to answer: loads the models of a profile, measures them, and registers every family of jobs. No Django.

Importing this needs none of the packages that compute; a node without an engine says what to install.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from celery import Celery

from devices.agent import jobs, memory
from devices.agent.capabilities import Profile, Unavailable
from devices.agent.runtime import Runtime
from devices.contract.protocol import ANSWERING, PROTOCOL
from inference.engine import catalogue, engines

log = logging.getLogger(__name__)
NO_ENGINE = "Answering needs ONNX Runtime or torch; install isthmus-agent[onnx]."


class Answering:
    queue = ANSWERING

    def obstacle(self) -> str:
        return "" if any(engine.available() for engine in engines.ENGINES) else NO_ENGINE

    def start(self, app: Celery, runtime: Runtime) -> Profile:
        from inference.engine.measure import measure
        from inference.engine.runner import Vision
        from inference.stages.families import Stages

        profile = catalogue.profile(runtime.profile_name)
        try:
            vision = Vision(engines.load(profile))
        except (catalogue.ModelsMissing, engines.NoEngine) as error:
            raise Unavailable(str(error)) from error
        times = measure(vision, runtime.slowdown)
        memory.give_back()
        jobs.register(app, Stages(runtime, vision).tasks)
        for task, sentence in vision.unavailable.items():
            log.warning("this node does not answer %s: %s", task, sentence)
        facts = {"name": profile.name, "digest": vision.digest, "protocol": PROTOCOL, "tasks": times}
        return {**facts, "unavailable": vision.unavailable}

    def models_obstacle(self, profile: str) -> str:
        try:
            sentences = catalogue.missing(catalogue.profile(profile))
        except catalogue.UnknownProfile as error:
            return str(error)
        return sentences[0] if sentences else ""

    def describe(self, home: Path) -> Mapping[str, str]:
        return {}


ANSWERING_CAPABILITY = Answering()
