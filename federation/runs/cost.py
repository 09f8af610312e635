"""Bytes and seconds of a run before it starts. No torch: the form asks for this with every keystroke."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from federation.runs.spec import RunSpec

# Of the models in federation.app.task; a test holds them against the real ones.
PARAMETERS = {
    ("cnn-small", "digits"): 19_258,
    ("cnn-small", "cifar10"): 133_242,
    ("cnn-small", "photos"): 133_242,
    ("resnet-small", "digits"): 266_530,
    ("resnet-small", "cifar10"): 266_962,
    ("resnet-small", "photos"): 266_962,
}
EXAMPLES = {"digits": 1500, "cifar10": 50_000, "photos": 500}
# Training on one core of a small board; the first round of a run replaces it with what was measured.
EXAMPLES_PER_S = {"digits": 4000.0, "cifar10": 300.0, "photos": 100.0}
START_S, EXCHANGE_S = 10.0, 0.3  # a process that loads torch; what the queues cost in every round
MESSAGE_BYTES = 2000  # records, configuration and metrics around the update
UPLINK, DOWNLINK = 250_000, 500_000  # bytes per second of the reference study, where the specification names none


@dataclass(frozen=True)
class Estimate:
    """Of a whole run. Clients work side by side, so seconds are those of one client."""

    bytes_up: int
    bytes_down: int
    compute_s: float
    link_s: float
    other_s: float  # starting, and the queues

    @property
    def seconds(self) -> float:
        return self.compute_s + self.link_s + self.other_s


def estimate(spec: "RunSpec", nodes: int | None = None, slowdown: float = 1.0) -> Estimate:
    """With fewer nodes than clients each node serves several partitions one after the other. `slowdown`: of the slowest node."""
    up_bytes, down_bytes = (MESSAGE_BYTES + one for one in update_bytes(spec))
    turns = -(-spec.clients // max(1, min(nodes or spec.clients, spec.clients)))
    examples = EXAMPLES[spec.dataset] / spec.clients * spec.local_epochs
    compute = spec.rounds * turns * examples / EXAMPLES_PER_S[spec.dataset] * slowdown
    up, down = spec.uplink_bytes_per_s or UPLINK, spec.downlink_bytes_per_s or DOWNLINK
    link = spec.rounds * turns * (up_bytes / up + down_bytes / down)
    each = spec.rounds * spec.clients
    return Estimate(each * up_bytes, each * down_bytes, compute, link, START_S + spec.rounds * turns * EXCHANGE_S)


def update_bytes(spec: "RunSpec") -> tuple[int, int]:
    """Payload of one client in one round, up and down."""
    up, down = (int(PARAMETERS[spec.model, spec.dataset] * rate / 8) for rate in spec.rates)
    return up, down
