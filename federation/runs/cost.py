"""Bytes and seconds of a run before it starts. No torch: the form requests this with every keystroke."""

from dataclasses import dataclass

from federation.app.datasets import registry as datasets
from federation.app.models import registry as models
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

    @property
    def seconds(self) -> float:
        return self.compute_s + self.link_s + self.other_s


def estimate(spec: RunSpec, nodes: int | None = None, slowdown: float = 1.0) -> Estimate:
    """With fewer nodes than clients each node serves several partitions in turn. `slowdown`: of the slowest node."""
    up_bytes, down_bytes = (MESSAGE_BYTES + size for size in update_bytes(spec))
    if spec.on_devices:  # the clients test each new model; what they receive for that they need not receive again
        up_bytes += MESSAGE_BYTES
        down_bytes += MESSAGE_BYTES if spec.compression != "none" else down_bytes
    turns = -(-spec.clients // max(1, min(nodes or spec.clients, spec.clients)))
    dataset = datasets.by_name(spec.dataset)
    examples = dataset.examples / spec.clients * spec.local_epochs
    compute = spec.rounds * turns * examples / dataset.examples_per_s * slowdown
    link = spec.rounds * turns * (up_bytes / spec.uplink_bytes_per_s + down_bytes / spec.downlink_bytes_per_s)
    messages = spec.rounds * spec.clients
    return Estimate(messages * up_bytes, messages * down_bytes, compute, link, START_S + spec.rounds * turns * EXCHANGE_S)


def update_bytes(spec: RunSpec) -> tuple[int, int]:
    """Payload of one client in one round, up and down."""
    count = parameters(spec.model, spec.dataset, len(spec.classes))
    up, down = (int(count * rate / 8) for rate in spec.rates)
    return up, down


def parameters(model: str, dataset: str, classes: int = 0) -> int:
    """How many values the model has. `classes` counts where each device names its own and they are agreed already."""
    shape = datasets.by_name(dataset)
    return models.by_name(model).parameters(shape.channels, shape.side, len(shape.classes or ()) or classes or CLASSES)
