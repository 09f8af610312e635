"""Jobs about a photo, before and after anybody asks: place, look, preview, thumbnail, invite, collect, forget; of a folder,
list and read."""

from devices.agent.cameras.source import CameraError, FileRefused
from devices.agent.jobs import Refused
from devices.contract.jobs import Collect, Forget, Invite, ListFolder, Look, Place, Preview, ReadFile, Thumbnail
from devices.contract.protocol import PREVIEW_BYTES, PREVIEW_SIDE, THUMBNAIL_BYTES, THUMBNAIL_SIDE
from devices.contract.results import FolderPage, Invitation, Kept, Nothing, Placed, Transferred
from inference.engine.codecs import photo_codec
from inference.stages.context import StageContext
from inference.stages.job_run import JobRun
from inference.stages.photo_intake import encoded_sizes

QUALITIES = (70, 40, 10)  # of a small picture, until it is small enough; the last one is, whatever it shows


class PhotoJobs:
    def __init__(self, context: StageContext) -> None:
        self.context, self.photos, self.profile = context, context.photos, context.vision.profile
        self.handlers = {
            Place: self.place,
            Look: self.look,
            Preview: self.preview,
            Thumbnail: self.thumbnail,
            Invite: self.invite,
            Collect: self.collect,
            ListFolder: self.list_folder,
            ReadFile: self.read_file,
            Forget: self.forget,
        }

    def place(self, run: JobRun, job: Place) -> Placed:
        arrived = self.context.runtime.get_blob(job.photo)
        data = self.photos.read(job.photo) if arrived is None else arrived
        tasks = [task for task in self.profile.tasks if not job.tasks or task in job.tasks]
        sizes = run.handle(lambda: encoded_sizes(photo_codec.decode(data), self.profile, tasks))
        if arrived is not None:
            self.photos.keep(job.photo, data, run.person)
            # Features of an older photo with this id must not answer.
            self.context.heads.forget(lambda key: key[0] == job.photo)
        return Placed(bytes=len(data), sizes=sizes)

    def look(self, run: JobRun, job: Look) -> Kept:
        return self.context.intake.keep(run, job.photo, self._frame(job.camera), self.profile)

    def preview(self, run: JobRun, job: Preview) -> Transferred:
        photo = self.context.intake.read(run, self._frame(job.camera), PREVIEW_SIDE).data
        small = _small(photo, PREVIEW_SIDE, PREVIEW_BYTES)
        return Transferred(**run.send(job.blob, small), **run.times())

    def thumbnail(self, run: JobRun, job: Thumbnail) -> Transferred:
        photo = self.photos.read(job.photo)
        small = run.handle(lambda: _small(photo, THUMBNAIL_SIDE, THUMBNAIL_BYTES))
        return Transferred(**run.send(job.blob, small), **run.times())

    def _frame(self, camera: str) -> bytes:
        try:
            return self.context.runtime.cameras.frame(camera)
        except CameraError as error:
            raise Refused("camera", str(error)) from None

    def invite(self, run: JobRun, job: Invite) -> Invitation:
        return Invitation(url=self.context.runtime.uploads.invite(job.photo, job.seconds, run.person))

    def collect(self, run: JobRun, job: Collect) -> Kept:
        frame = self.context.runtime.uploads.collect(job.photo)
        return self.context.intake.keep(run, job.photo, frame, self.profile)

    def list_folder(self, run: JobRun, job: ListFolder) -> FolderPage:
        try:
            return self.context.runtime.cameras.page(job.camera, job.after, job.since, job.until)
        except CameraError as error:
            raise Refused("camera", str(error)) from None

    def read_file(self, run: JobRun, job: ReadFile) -> Kept:
        try:
            data = self.context.runtime.cameras.photo(job.camera, job.file)
        except FileRefused as error:
            raise Refused(error.code, str(error)) from None
        except CameraError as error:
            raise Refused("camera", str(error)) from None
        return self.context.intake.keep(run, job.photo, data, self.profile, job.tasks, is_only_here=False)

    def forget(self, run: JobRun, job: Forget) -> Nothing:
        self.photos.forget(job.photo)
        self.context.runtime.uploads.discard(job.photo)
        self.context.heads.forget(lambda key: key[0] == job.photo)
        self.context.sent.forget(lambda key: key[0] == job.photo)
        return Nothing()


def _small(photo: bytes, side: int, most: int) -> bytes:
    """A JPEG of its pixels alone, with at most `side` of them on its longer side and `most` bytes."""
    picture = photo_codec.decode(photo)
    return next(data for quality in QUALITIES if len(data := photo_codec.encode_within(picture, "jpeg", quality, side)) <= most)
