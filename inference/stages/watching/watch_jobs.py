"""Jobs about the pictures of watches: shown, labelled, deleted. No Django."""

from devices.agent import capabilities
from devices.agent.capabilities import TRAINING, TakesLabels
from devices.agent.config import ConfigError
from devices.agent.jobs import Refused
from devices.agent.watching import snapshots
from devices.contract.jobs import ForgetSnapshot, LabelSnapshot, ShowSnapshot
from devices.contract.results import Nothing, Transferred
from inference.engine.codecs import photo_codec
from inference.stages.context import StageContext
from inference.stages.job_run import JobRun

QUALITY = 80


class WatchJobs:
    def __init__(self, context: StageContext) -> None:
        self.home, self.cameras = context.runtime.home, context.runtime.cameras
        self.handlers = {
            ShowSnapshot: self.show,
            LabelSnapshot: self.label,
            ForgetSnapshot: self.forget,
        }

    def show(self, run: JobRun, job: ShowSnapshot) -> Transferred:
        data = self._read(job.event)
        small = run.handle(lambda: photo_codec.encode_within(photo_codec.decode(data), "jpeg", QUALITY, job.side))
        return Transferred(**run.send(job.blob, small), **run.times())

    def label(self, run: JobRun, job: LabelSnapshot) -> Nothing:
        try:
            training = capabilities.find(TRAINING)
            if not isinstance(training, TakesLabels):
                raise Refused("no_training", "This node keeps no labelled photos.")
            training.label(self.home, job.event, self._read(job.event), job.label)
        except (ConfigError, ImportError):
            raise Refused("no_training", "This node lacks the package that keeps labelled photos.") from None
        except ValueError as error:
            raise Refused("bad_label", str(error)) from None
        except OSError as error:
            raise Refused("disk", f"This node cannot store the photo ({error.strerror}).") from None
        return Nothing()

    def forget(self, run: JobRun, job: ForgetSnapshot) -> Nothing:
        snapshots.of(self.home).forget(job.event)
        return Nothing()

    def _read(self, event: str) -> bytes:
        data = snapshots.of(self.home).read(event)
        if data is None:
            raise Refused("photo_missing", "This node has the picture of that event no longer.")
        return data
