"""What a reply to a train message says. It comes from another machine: whatever it holds is checked."""

import math

import numpy as np
from flwr.app import Message

from federation.app.codes import Codes
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.records import record_of, value_of
from federation.app.reports import ClientReport


def metric(reply: Message, name: str) -> float:
    """0 where it is missing or not a finite number."""
    metrics = reply.content.metric_records
    value = metrics["metrics"].get(name, 0) if "metrics" in metrics else 0
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def report(client: int, node: int, reply: Message) -> ClientReport:
    return ClientReport(
        node,
        client,
        "ok",
        examples=int(metric(reply, "num-examples")),
        compute_s=metric(reply, "compute_s"),
        loss=metric(reply, "test-loss") or metric(reply, "loss"),
        accuracy=metric(reply, "test-accuracy") or None,
    )


def update(reply: Message, layout: Layout, codes: Codes | None, base: Vector) -> Vector:
    """What training added to `base`, float32 [layout.size]. Raises ValueError, KeyError or TypeError."""
    if codes is None:
        arrays = {name: array.numpy() for name, array in reply.content.array_records["arrays"].items()}
        if {name: array.shape for name, array in arrays.items()} != dict(layout.shapes):
            raise ValueError("its arrays do not have the model's names and shapes.")
        return layout.flat(arrays) - base
    record = record_of(reply, "update")
    scales = np.frombuffer(value_of(record, "scales", bytes), np.float32)
    if scales.shape != (2 * len(layout.shapes),) or not np.isfinite(scales).all():
        raise ValueError("its scales are not two finite numbers for each layer.")
    return codes.up.decode(value_of(record, "codes", bytes), scales.reshape(2, -1), base)
