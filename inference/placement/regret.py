"""What a fixed rule would have cost over the same questions, by the predictions of their own receipts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inference.placement.prediction import Candidate

KINDS = ("device", "upload", "photo_codec", "split")
Way = tuple[str, str]  # its kind, and what people call it


@dataclass(frozen=True)
class Regret:
    """Predicted milliseconds over all questions. A fixed way counts only where every question would have allowed it."""

    ours_ms: float
    best_fixed: str | None
    best_fixed_ms: float | None
    by_way: dict[str, float]  # the best of each kind: device, edge as uploaded, edge with one codec, one split


def regret(receipts: Iterable[dict[str, Any]]) -> Regret:
    """Receipts of forced routes and of links then unknown say nothing about choosing, and are left out."""
    counted = [receipt for receipt in receipts if counts(receipt)]
    each = [_ways(receipt) for receipt in counted]
    common = set.intersection(*(set(ways) for ways in each)) if each else set()
    sums = {way: sum(ways[way] for ways in each) for way in common}
    best: dict[str, Way] = {}
    for kind in KINDS:
        if of_kind := sorted((way for way in sums if way[0] == kind), key=lambda way: (sums[way], way)):
            best[kind] = of_kind[0]
    by_way = {best[kind][1]: sums[best[kind]] for kind in best}
    name = min(by_way, key=lambda way: by_way[way], default=None)
    ours = sum(receipt["predicted_ms"] for receipt in counted)
    return Regret(ours, name, by_way[name] if name else None, by_way)


def counts(receipt: dict[str, Any]) -> bool:
    return receipt["predicted_ms"] is not None and not receipt["forced"]


def fixed_ms(receipt: dict[str, Any]) -> dict[str, float]:
    """What each fixed way was predicted to take for this question."""
    return {name: ms for (_, name), ms in _ways(receipt).items()}


def _ways(receipt: dict[str, Any]) -> dict[Way, float]:
    """Features that happen to lie at the edge and answers that are refined are choices, not fixed rules. Of several edges
    the fastest counts."""
    found: dict[Way, float] = {}
    for one in receipt["candidates"]:
        if one["allowed"] and one["predicted_ms"] is not None and not one.get("held") and not one.get("refine_to"):
            way = _kind(one), _name(one)
            found[way] = min(one["predicted_ms"], found.get(way, one["predicted_ms"]))
    return found


def _kind(one: dict[str, Any]) -> str:
    if one["route"] == "edge":
        return "photo_codec" if one["codec"] else "upload"
    return str(one["route"])


def _name(one: dict[str, Any]) -> str:
    return str(Candidate(one["route"], one["split_at"], one["level"], one["codec"], one["quality"], 0, 0.0, 0.0, None))
