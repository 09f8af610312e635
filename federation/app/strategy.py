"""What the server makes of a round's updates: guards first, then one of Flower's strategies by name.

An update is what a client's model gained, one flat vector. Guards take values and return reasons; nothing here sends anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAdam, FedAvg, FedProx, FedTrimmedAvg, Krum
from numpy.typing import NDArray

from federation.app.compression.flat_parameters import Layout, Vector

MOST_EXAMPLES = 20  # times the median
MOST_NORM = 4.0  # times the median
LEAST_COSINE = -0.05  # to the median update; honest clients of very uneven data come near 0, flipped ones are far below
LEAST_TO_COMPARE = 3


@dataclass(frozen=True)
class Update:
    client: int
    examples: int
    gained: Vector


def refusals(updates: Sequence[Update], size: int) -> dict[int, str]:
    """Why an update is left out, by client. The others are what the round is made of."""
    found = {one.client: reason for one in updates if (reason := _by_itself(one, size))}
    sound = [one for one in updates if one.client not in found]
    if len(sound) >= LEAST_TO_COMPARE:
        found |= _by_comparison(sound)
    return found


def weight_refusals(examples: Mapping[int, int]) -> dict[int, str]:
    """The only guard that masks leave besides the ring itself, in which no update can be larger than its share."""
    if len(examples) < LEAST_TO_COMPARE:
        return {client: "It claims to have learned from no examples." for client, count in examples.items() if count < 1}
    usual = float(np.median(list(examples.values())))
    return {client: reason for client, count in examples.items() if (reason := _weight(count, usual))}


def _weight(count: int, usual: float) -> str:
    if count < 1:
        return "It claims to have learned from no examples."
    if count > MOST_EXAMPLES * max(1.0, usual):
        return f"It claims {count:,} examples, more than {MOST_EXAMPLES} times the usual {usual:,.0f}."
    return ""


def _by_itself(one: Update, size: int) -> str:
    if one.gained.shape != (size,):
        return f"Its update has {one.gained.size:,} values where the model has {size:,}."
    if not np.isfinite(one.gained).all():
        return "Its update holds values that are not finite numbers."
    return ""


def _by_comparison(sound: Sequence[Update]) -> dict[int, str]:
    found = weight_refusals({one.client: one.examples for one in sound})
    norms = {one.client: float(np.linalg.norm(one.gained)) for one in sound}
    usual = float(np.median(list(norms.values())))
    for client, norm in norms.items():
        if norm > MOST_NORM * usual > 0:
            found.setdefault(client, f"Its update is {norm / usual:,.0f} times as large as the usual one.")
    # The middle one of each value: up to half of the clients cannot move it far.
    middle = np.median([one.gained for one in sound], axis=0)
    for one in sound:
        cosine = _cosine(one.gained, middle)
        if cosine < LEAST_COSINE:
            found.setdefault(one.client, f"Its update points against the others' (cosine {cosine:.2f}).")
    return found


def _cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
    norms = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(one @ other) / norms if norms > 0 else 0.0


def make(spec: Mapping[str, Any]) -> FedAvg:
    """SCAFFOLD and FedProx differ on the client; their sums are FedAvg's."""
    match spec["strategy"]:
        case "fedprox":
            return FedProx(proximal_mu=float(spec["proximal_mu"]))
        case "fedadam":
            return FedAdam(eta=float(spec["server_learning_rate"]))
        case "trimmed-mean":
            return FedTrimmedAvg(beta=float(spec["trim"]))
        case "krum":
            return Krum(num_malicious_nodes=int(spec["hostile"]))
        case _:
            return FedAvg()


def merge(
    made: FedAvg, layout: Layout, number: int, model: Vector, replies: Mapping[int, Message], sound: list[Update]
) -> Vector:
    """The next model. Flower's strategies take whole models in messages, so each update is put on top of `model` first."""
    if isinstance(made, FedAdam):
        made.current_arrays = dict(layout.arrays(model))
    for one in sound:
        arrays = ArrayRecord({name: Array(value) for name, value in layout.arrays(model + one.gained).items()})
        replies[one.client].content = RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": one.examples})})
    merged, _ = made.aggregate_train(number, [replies[one.client] for one in sound])
    assert merged is not None  # only without any reply
    return layout.flat({name: array.numpy() for name, array in merged.items()})
