"""The job that says where a model looked, from what this node has of the photo."""

from collections.abc import Callable

from devices.agent.jobs import Refused
from devices.contract.jobs import Highlight
from devices.contract.results import Highlighted
from inference.engine.codecs import photo_codec
from inference.engine.runner import Vision
from inference.engine.tasks.evidence import UnknownAnswer
from inference.stages.context import Features, StageContext
from inference.stages.job_run import JobRun


class HighlightJobs:
    def __init__(self, context: StageContext) -> None:
        self.context = context
        self.handlers = {Highlight: self.highlight}

    def highlight(self, run: JobRun, job: Highlight) -> Highlighted:
        vision = self.context.vision
        try:
            evidence = run.compute(self._from_features(vision, job) if job.level else self._from_photo(vision, job))
        except UnknownAnswer:
            raise Refused("no_highlight", f"The models of this node do not know the answer “{job.answer}”.") from None
        if evidence is None:
            raise Refused("no_highlight", "These models cannot say where they looked.")
        return Highlighted(rows=evidence.round(3).tolist(), **run.times())

    def _from_features(self, vision: Vision, job: Highlight) -> Callable[[], Features | None]:
        received = self.context.received(job.task, job.photo, job.split_at or 0, job.level or 0)
        return lambda: vision.evidence_of(job.task, received, job.question, job.answer)

    def _from_photo(self, vision: Vision, job: Highlight) -> Callable[[], Features | None]:
        data = self.context.photos.read(job.photo)
        return lambda: vision.evidence(job.task, photo_codec.decode(data), job.question, job.answer)
