"""What a reply to a train message says. It comes from another machine: whatever it holds is checked."""

import math

import numpy as np
from flwr.app import Message

from federation.app.codes import Codes
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.datasets.photo_folder import MOST_LABEL
from federation.app.records import list_of, record_of, value_of
from federation.app.reports import ClientReport

MOST_FOLDERS = 5  # named in a sentence
MOST_NOTE = 250  # characters


def metric(reply: Message, name: str) -> float:
    """0 where it is missing or not a finite number."""
    metrics = reply.content.metric_records
    value = metrics["metrics"].get(name, 0) if "metrics" in metrics else 0
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def report(client: int, node: int, reply: Message) -> ClientReport:
    skipped, note = left_out(reply)
    notes = [sentence for sentence in (note, computing(reply)) if sentence]
    return ClientReport(
        node,
        client,
        "ok",
        examples=int(metric(reply, "num-examples")),
        compute_s=metric(reply, "compute_s"),
        loss=metric(reply, "loss"),
        skipped=skipped,
        note=" ".join(notes),
    )


def left_out(reply: Message) -> tuple[int, str]:
    """How many of its photos a client did not train on, and a sentence about them."""
    if (record := reply.content.config_records.get("left-out")) is None:
        return 0, ""
    try:
        unreadable, foreign = (max(0, value_of(record, name, int)) for name in ("unreadable", "foreign"))
        folders = [name[:MOST_LABEL] for name in list_of(record, "folders", str)[:MOST_FOLDERS]]
    except (KeyError, ValueError):
        return 0, "What it reports of skipped photos cannot be read."
    parts = [f"{_photos(unreadable)} that cannot be read"] if unreadable else []
    parts += [f"{_photos(foreign)} in folders that are no class of this run ({', '.join(folders)})"] if foreign else []
    return unreadable + foreign, f"Skipped {' and '.join(parts)}." if parts else ""


def computing(reply: Message) -> str:
    """A sentence where a client's GPU did not compute what the reply brings."""
    if (record := reply.content.config_records.get("computing")) is None:
        return ""
    try:
        return value_of(record, "note", str)[:MOST_NOTE]
    except (KeyError, ValueError):
        return "What it reports of its GPU cannot be read."


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count:,} photos"


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
