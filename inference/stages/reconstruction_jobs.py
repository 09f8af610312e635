"""The job that shows what features give away: the photo, reconstructed from them as far as possible."""

import io
from functools import cached_property

from devices.agent.jobs import Refused
from devices.contract.jobs import Rebuild
from devices.contract.results import Transferred
from inference.engine import reconstruction
from inference.engine.reconstruction import ReconstructionError, Reconstructor
from inference.stages.context import StageContext
from inference.stages.job_run import JobRun


class ReconstructionJobs:
    def __init__(self, context: StageContext) -> None:
        self.context = context
        self.handlers = {Rebuild: self.rebuild}

    def rebuild(self, run: JobRun, job: Rebuild) -> Transferred:
        received = self.context.received(job.task, job.photo, job.split_at, job.level)
        try:
            features = self.context.vision.decode(job.task, received)
            image = run.compute(lambda: self._reconstructor.reconstruct(features, job.split_at, job.level))
        except ReconstructionError as error:
            raise Refused("no_rebuilding", str(error)) from None
        out = io.BytesIO()
        image.save(out, "JPEG", quality=90)
        return Transferred(**run.send(job.blob, out.getvalue()), **run.times())

    @cached_property
    def _reconstructor(self) -> Reconstructor:
        file = self.context.vision.profile.code_file
        if file is None:
            raise ReconstructionError("These models have no decoder that reconstructs photos.")
        return reconstruction.load(file.parent)
