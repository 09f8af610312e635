"""What a watch costs: time, frames, looks, bytes, computing and, where the board measures its power, energy."""

from collections.abc import Callable
from dataclasses import dataclass, field

from devices.contract.watches import Cost

FIRST_TALLY_S, TALLY_S = 300.0, 3600.0  # watched without an event, after which the cost alone is reported
LONGEST_STEP_S = 60.0  # between two frames that belong together; beyond it the camera was not watched meanwhile
Watts = Callable[[], float | None]  # that the board draws now; None where it does not measure it


@dataclass
class Spending:
    """Since it was last reported."""

    watts: Watts
    cost: Cost = field(default_factory=Cost)
    tally_after_s: float = FIRST_TALLY_S

    def frame(self, ms: float, seconds: float) -> None:
        self._add(Cost(frames=1, ms=ms, joules=self._joules(ms), seconds=min(max(seconds, 0.0), LONGEST_STEP_S)))

    def computed(self, ms: float, looks: int = 0) -> None:
        self._add(Cost(looks=looks, ms=ms, joules=self._joules(ms)))

    def sent(self, size: int) -> None:
        self._add(Cost(bytes=size))

    @property
    def is_due(self) -> bool:
        return self.cost.seconds >= self.tally_after_s

    def reported(self) -> None:
        self.cost, self.tally_after_s = Cost(), TALLY_S

    def _add(self, cost: Cost) -> None:
        self.cost = self.cost.plus(cost)

    def _joules(self, ms: float) -> float | None:
        watts = self.watts()
        return None if watts is None else watts * ms / 1000
