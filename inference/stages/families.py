"""Every family of jobs of answering, bound to one node. No Django.

Each job takes and returns small JSON. Bulk bytes go by key, through the node's own link; their size and time are the
bandwidth measurement.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from devices.agent import jobs
from devices.agent.jobs import JobTask
from devices.agent.runtime import Runtime
from devices.agent.uploads import UploadError
from devices.contract.jobs import Job
from devices.contract.values import Received
from devices.contract.wire import WireError
from inference.engine.codecs.photo_codec import PhotoCodecError
from inference.engine.runner import Vision
from inference.engine.tasks.standalone import StandaloneFailed
from inference.stages.answer_jobs import AnswerJobs
from inference.stages.context import StageContext
from inference.stages.federated_model_jobs import FederatedModelJobs
from inference.stages.highlight_jobs import HighlightJobs
from inference.stages.job_run import JobRun
from inference.stages.link_jobs import LinkJobs
from inference.stages.photo_intake import PhotoIntake
from inference.stages.photo_jobs import PhotoJobs
from inference.stages.photo_shelf import PhotoShelf
from inference.stages.reconstruction_jobs import ReconstructionJobs
from inference.stages.watching.watch_jobs import WatchJobs


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
    WatchJobs,
)
EXPECTED: dict[type[Exception], str] = {
    WireError: "wire",
    UploadError: "upload",
    PhotoCodecError: "bad_photo",
    StandaloneFailed: "model_failed",
}


class Stages:
    """Every job of answering, bound to one node's runtime and to the models that it has now."""

    def __init__(self, runtime: Runtime, vision: Vision) -> None:
        photos = PhotoShelf(runtime.home / "photos", runtime.shelf_bytes)
        self._bind(StageContext(runtime, photos, PhotoIntake(photos, runtime.home / "incoming"), vision))
        self.tasks = {job: self._task(job) for job in self._handlers}

    def use(self, vision: Vision) -> None:
        """Other models, from the next job on. Jobs under way end with those that they began with."""
        self._bind(replace(self.context, vision=vision))

    def _bind(self, context: StageContext) -> None:
        families: list[Family] = [family(context) for family in FAMILIES]
        self.context = context
        self._handlers = {job: handler for family in families for job, handler in family.handlers.items()}

    def _task(self, job_type: type[Job[Any]]) -> JobTask:
        def handle(id: str, job: Any) -> Received:
            return self._handlers[job_type](JobRun(self.context.runtime, id), job)

        return jobs.as_task(self.context.runtime, job_type, handle, EXPECTED)
