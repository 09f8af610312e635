"""Everything runs on the device that has the photo."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inference.placement.link import LinkEstimate
from inference.placement.prediction import Candidate, Execution, Load, Situation, on_device


@dataclass(frozen=True)
class DeviceRoute:
    name: str = "device"
    label: str = "all on the device"
    needs_edge: bool = False
    sends_photo: bool = False
    impossible: str = "There is no way to answer this step: no device offers one; look at the devices page for the reason."
    calls: Mapping[str, int] = field(default_factory=lambda: {"device": 1}, hash=False)

    def overhead_name(self, held: bool) -> str:
        return self.name

    def candidates(self, situation: Situation) -> Iterable[Candidate]:
        if not situation.answers(situation.device):
            return
        whole_ms = situation.device.whole(situation.task)
        accuracy = situation.profile.accuracy(situation.task)
        yield Candidate(self, None, None, None, None, 0, whole_ms, 0.0, accuracy)

    def predict(self, candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
        return on_device(candidate, load)

    def describe(self, candidate: Candidate) -> str:
        return "the device alone"

    def fixed_rule(self, candidate: Candidate) -> str:
        return "device"

    def path(self, device: str, edge: str | None) -> str:
        return device

    def run(self, candidate: Candidate, execution: Execution) -> None:
        execution.answer_on_device()


DEVICE = DeviceRoute()
