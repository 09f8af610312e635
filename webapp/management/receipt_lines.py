"""A receipt in the terminal: where a step was answered, what it cost, why there, and how sure the answer is."""

from collections.abc import Iterator

from inference.engine import doubt, tasks
from inference.engine.doubt import Certainty
from inference.placement import routes
from inference.receipt import Receipt, certainty_of

NOT_CALIBRATED = "not calibrated"  # the model of a training run


def receipt_lines(receipt: Receipt) -> Iterator[str]:
    """Of an answered step."""
    ms = receipt["actual_ms"]
    assert ms is not None, "only answered steps are reported"
    where = routes.named(receipt["route"]).path(receipt["device"], receipt["edge"])
    detail = f" after block {receipt['split_at']}, level {receipt['level']}" if receipt["split_at"] is not None else ""
    if receipt["codec"]:
        at = f" at {receipt['side']} px" if receipt.get("side") else ""
        detail = f" as {receipt['codec']} {receipt['quality']}{at}"
    predicted = f"{receipt['predicted_ms']:.0f}" if receipt["predicted_ms"] is not None else "?"
    yield f"{receipt['task']:8} {receipt['route']} ({where}){detail}: {receipt['bytes']['uplink']:,} bytes up"
    yield (
        f"         predicted {predicted} ms, took {ms['total']:.2f} ms: queue {ms['queue']:.2f}, device {ms['device']:.2f}, "
        f"uplink {ms['uplink']:.2f}, edge {ms['edge']:.2f}, overhead {ms['overhead']:.2f}"
    )
    yield from (f"         | {line['text'] or '(could not be read)'}" for line in receipt.get("lines", []))
    yield f"         {receipt['reason']}"
    if (confidence := receipt["confidence"]) is not None:
        task = tasks.get(receipt["task"])
        meaning = NOT_CALIBRATED if receipt.get("model") else task.confidence
        words = doubt.WORDS[certainty_of(receipt) or Certainty.NONE]
        yield f"         {words}, confidence {confidence:.2f}, {meaning}"
