"""Jobs about a photo, before and after anybody asks: place, look, invite, collect, forget."""

from devices.agent.cameras.source import CameraError
from devices.agent.jobs import Refused
from devices.contract.jobs import Collect, Forget, Invite, Look, Place
from devices.contract.results import Invitation, Kept, Nothing, Placed
from inference.engine.codecs import photo_codec
from inference.stages.context import StageContext
from inference.stages.job_run import JobRun
from inference.stages.photo_intake import encoded_sizes


class PhotoJobs:
    def __init__(self, context: StageContext) -> None:
        self.context, self.photos, self.profile = context, context.photos, context.vision.profile
        self.handlers = {Place: self.place, Look: self.look, Invite: self.invite, Collect: self.collect, Forget: self.forget}

    def place(self, run: JobRun, job: Place) -> Placed:
        data = self.context.blob(job.photo)
        sizes = run.handle(lambda: encoded_sizes(photo_codec.decode(data), self.profile))
        self.photos.keep(job.photo, data, run.person)
        self.context.heads.forget(lambda key: key[0] == job.photo)  # features of an older photo with this id must not answer
        return Placed(bytes=len(data), sizes=sizes)

    def look(self, run: JobRun, job: Look) -> Kept:
        try:
            frame = self.context.runtime.cameras.frame(job.camera)
        except CameraError as error:
            raise Refused("camera", str(error)) from None
        return self.context.intake.keep(run, job.photo, frame, self.profile)

    def invite(self, run: JobRun, job: Invite) -> Invitation:
        return Invitation(url=self.context.runtime.uploads.invite(job.photo, job.seconds, run.person))

    def collect(self, run: JobRun, job: Collect) -> Kept:
        frame = self.context.runtime.uploads.collect(job.photo)
        return self.context.intake.keep(run, job.photo, frame, self.profile)

    def forget(self, run: JobRun, job: Forget) -> Nothing:
        self.photos.forget(job.photo)
        self.context.runtime.uploads.discard(job.photo)
        self.context.heads.forget(lambda key: key[0] == job.photo)
        self.context.sent.forget(lambda key: key[0] == job.photo)
        return Nothing()
