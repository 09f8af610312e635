"""Bytes and seconds of a run before it starts. No torch: the form requests this with every keystroke."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from federation.app.datasets import registry as datasets
from federation.app.models import registry as models
from federation.app.privacy import differential

if TYPE_CHECKING:
    from federation.runs.spec import RunSpec

CLASSES = 10  # where each device names its own and none are agreed yet
START_S, EXCHANGE_S = 10.0, 0.3  # a process that loads torch; what the queues cost in every round
MESSAGE_BYTES = 2000  # records, configuration and metrics around the update


@dataclass(frozen=True)
class Estimate:
    """Of a whole run. Clients work side by side, so seconds are those of one client."""

    bytes_up: int
    bytes_down: int
    compute_s: float
    link_s: float
    other_s: float  # starting, and the queues
    epsilon: float | None = None  # spent after all rounds if every client is in each; None without differential privacy
    epsilon_most: float | None = None  # if every round has no more than its quorum

    @property
    def seconds(self) -> float:
        return self.compute_s + self.link_s + self.other_s


def estimate(spec: "RunSpec", nodes: int | None = None, slowdown: float = 1.0) -> Estimate:
    """With fewer nodes than clients each node serves several partitions in turn. `slowdown`: of the slowest node."""
    up_bytes, down_bytes = message_bytes(spec)
    turns = -(-spec.clients // max(1, min(nodes or spec.clients, spec.clients)))
    dataset = datasets.by_name(spec.dataset)
    examples = dataset.examples / spec.clients * spec.local_epochs
    compute = spec.rounds * turns * examples / dataset.examples_per_s * slowdown
    link = spec.rounds * turns * (up_bytes / spec.uplink_bytes_per_s + down_bytes / spec.downlink_bytes_per_s)
    messages = spec.rounds * spec.clients
    other = START_S + spec.rounds * turns * EXCHANGE_S
    return Estimate(messages * up_bytes, messages * down_bytes, compute, link, other, *epsilons(spec))


def epsilons(spec: "RunSpec") -> tuple[float | None, float | None]:
    """After all rounds: with every client in each, and with no more than the quorum."""
    if spec.privacy is None:
        return None, None
    counts, settings = (spec.clients, spec.quorum or 1), spec.settings()
    best, worst = (differential.epsilon_after(differential.round_multiplier(settings, count), spec.rounds) for count in counts)
    return best, worst


def message_bytes(spec: "RunSpec") -> tuple[int, int]:
    """Of one client in one round, up and down."""
    up, down = (MESSAGE_BYTES + size for size in update_bytes(spec))
    if spec.on_devices:  # the clients test each new model; what they receive for that they need not receive again
        up += MESSAGE_BYTES
        down += MESSAGE_BYTES if spec.compression != "none" else down
    return up, down


def link_seconds(spec: "RunSpec", up_bytes_per_s: float, down_bytes_per_s: float) -> float:
    """That one client's messages of a round take on a link."""
    up, down = message_bytes(spec)
    return up / up_bytes_per_s + down / down_bytes_per_s


def update_bytes(spec: "RunSpec") -> tuple[int, int]:
    """Payload of one client in one round, up and down."""
    count = parameters(spec.model, spec.dataset, len(spec.classes))
    up, down = (int(count * rate / 8) for rate in spec.rates)
    return up, down


def parameters(model: str, dataset: str, classes: int = 0) -> int:
    """How many values the model has. `classes` counts where each device names its own and they are agreed already."""
    shape = datasets.by_name(dataset)
    return models.by_name(model).parameters(shape.channels, shape.side, len(shape.classes or ()) or classes or CLASSES)
