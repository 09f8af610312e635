"""The capability to answer: loads the models of a profile, measures them, and registers every family of jobs. No Django.

Each job takes and returns small JSON. Bulk bytes go by key, through the node's own link; their size and time are the
bandwidth measurement.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from celery import Celery

from devices.agent import jobs, memory
from devices.agent.capabilities import Profile
from devices.agent.jobs import JobTask
from devices.agent.runtime import Runtime
from devices.agent.uploads import UploadError
from devices.contract.jobs import Job
from devices.contract.protocol import ANSWERING, PROTOCOL
from devices.contract.values import Received
from devices.contract.wire import WireError
from inference.engine import catalogue, engines
from inference.engine.codecs.photo_codec import PhotoCodecError
from inference.engine.measure import measure
from inference.engine.runner import Vision
from inference.engine.tasks.standalone import StandaloneFailed
from inference.stages.answer_jobs import AnswerJobs
from inference.stages.context import StageContext
from inference.stages.federated_model_jobs import FederatedModelJobs
from inference.stages.highlight_jobs import HighlightJobs
from inference.stages.job_run import JobRun
from inference.stages.link_jobs import LinkJobs
from inference.stages.photo_jobs import PhotoJobs
from inference.stages.reconstruction_jobs import ReconstructionJobs

log = logging.getLogger(__name__)


class Family(Protocol):
    """Jobs that belong together, bound to one node."""

    handlers: Mapping[type[Job[Any]], Callable[[JobRun, Any], Received]]


FAMILIES: tuple[Callable[[StageContext], Any], ...] = (
    PhotoJobs,
    AnswerJobs,
    LinkJobs,
    ReconstructionJobs,
    HighlightJobs,
    FederatedModelJobs,
)
EXPECTED: dict[type[Exception], str] = {
    WireError: "wire",
    UploadError: "upload",
    PhotoCodecError: "bad_photo",
    StandaloneFailed: "model_failed",
}


class Stages:
    """Every job of answering, bound to one node's runtime and models."""

    def __init__(self, runtime: Runtime, vision: Vision) -> None:
        self.context = StageContext(runtime, vision)
        families: list[Family] = [family(self.context) for family in FAMILIES]
        self.tasks = {job: self._task(job, handler) for family in families for job, handler in family.handlers.items()}

    def _task(self, job_type: type[Job[Any]], handler: Callable[[JobRun, Any], Received]) -> JobTask:
        runtime = self.context.runtime
        return jobs.as_task(runtime, job_type, lambda id, job: handler(JobRun(runtime, id), job), EXPECTED)


class Answering:
    queue = ANSWERING
    needs: tuple[str, ...] = ()

    def start(self, app: Celery, runtime: Runtime) -> Profile:
        """Raises ModelsMissing, a sentence with the remedy."""
        profile = catalogue.profile(runtime.profile_name)
        vision = Vision(engines.load(profile))
        times = measure(vision, runtime.slowdown)
        memory.give_back()
        jobs.register(app, Stages(runtime, vision).tasks)
        for task, sentence in vision.unavailable.items():
            log.warning("this node does not answer %s: %s", task, sentence)
        facts = {"name": profile.name, "digest": vision.digest, "protocol": PROTOCOL, "tasks": times}
        return {**facts, "unavailable": vision.unavailable}

    def obstacle(self, profile: str) -> str:
        try:
            sentences = catalogue.missing(catalogue.profile(profile))
        except catalogue.UnknownProfile as error:
            return str(error)
        return sentences[0] if sentences else ""

    def describe(self, home: Path) -> Mapping[str, str]:
        return {}


ANSWERING_CAPABILITY = Answering()
