"""The next model from a round's updates, by one of Flower's strategies."""

from collections.abc import Mapping, Sequence

from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAdam, FedAvg

from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.server.guards import Update


def merge(
    strategy: FedAvg, layout: Layout, number: int, model: Vector, replies: Mapping[int, Message], updates: Sequence[Update]
) -> Vector:
    """The model after round `number`, float32 [layout.size]. Flower's strategies take whole models in messages, so each
    update is added to `model` first and replaces the content of its client's reply."""
    if isinstance(strategy, FedAdam):
        strategy.current_arrays = dict(layout.arrays(model))
    for update in updates:
        arrays = ArrayRecord({name: Array(value) for name, value in layout.arrays(model + update.delta).items()})
        metrics = MetricRecord({"num-examples": update.examples})
        replies[update.client].content = RecordDict({"arrays": arrays, "metrics": metrics})
    merged, _ = strategy.aggregate_train(number, [replies[update.client] for update in updates])
    assert merged is not None  # only without any reply
    return layout.flat({name: array.numpy() for name, array in merged.items()})
