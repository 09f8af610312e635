"""The job that measures the link: throw-away bytes of a few sizes."""

from devices.contract.jobs import Probe
from devices.contract.results import Probed, Transfer
from inference.stages.context import StageContext
from inference.stages.job_run import JobRun

MAX_BYTES = 64 * 1024  # of one transfer


class LinkJobs:
    def __init__(self, context: StageContext) -> None:
        self.handlers = {Probe: self.probe}

    def probe(self, run: JobRun, job: Probe) -> Probed:
        transfers = [
            Transfer(**run.send(f"probe-{run.id}-{number}", bytes(min(size, MAX_BYTES))))
            for number, size in enumerate(job.sizes)
        ]
        return Probed(transfers=transfers, **run.times())
