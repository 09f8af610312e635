"""What a fixed rule would have cost over the same questions, by the predictions of their own receipts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from inference.placement.policies import PREDICTED_MS
from inference.placement.records import from_record
from inference.receipt import CandidateRecord, Receipt

RULES = ("device", "upload", "photo_codec", "split")
Rule = tuple[str, str]  # its kind, and its description


@dataclass(frozen=True)
class Regret:
    """Predicted milliseconds over all questions. A fixed rule counts only where every question would have allowed it."""

    ours_ms: float
    best_fixed: str | None
    best_fixed_ms: float | None
    by_way: dict[str, float]  # the best of each kind: device, edge as uploaded, edge with one codec, one split


def regret(receipts: Iterable[Receipt]) -> Regret:
    """Forced routes, links then unknown and policies that minimise something else say nothing about time, and where there was
    only one method there was nothing to choose: these are left out."""
    counted = [receipt for receipt in receipts if counts(receipt)]
    by_question = [_rules(receipt) for receipt in counted]
    common = set.intersection(*(set(rules) for rules in by_question)) if by_question else set()
    sums = {rule: sum(rules[rule] for rules in by_question) for rule in common}
    best: dict[str, Rule] = {}
    for kind in RULES:
        if of_kind := sorted((rule for rule in sums if rule[0] == kind), key=lambda rule: (sums[rule], rule)):
            best[kind] = of_kind[0]
    by_way = {best[kind][1]: sums[best[kind]] for kind in best}
    name = min(by_way, key=lambda rule: by_way[rule], default=None)
    ours = sum(receipt["predicted_ms"] or 0.0 for receipt in counted)
    return Regret(ours, name, by_way[name] if name else None, by_way)


def counts(receipt: Receipt) -> bool:
    return bool(_compared(receipt))


def fixed_ms(receipt: Receipt) -> dict[str, float]:
    """What each fixed rule was predicted to take for this question."""
    return {name: ms for (_, name), ms in _rules(receipt).items()}


def best_fixed_ms(receipt: Receipt) -> dict[str, float]:
    """By kind, what the best fixed rule for this one question was predicted to take: as well as no rule can do over several.
    Empty for a receipt that does not count."""
    best: dict[str, float] = {}
    for (kind, _), ms in _compared(receipt).items():
        best[kind] = min(ms, best.get(kind, ms))
    return best


def _compared(receipt: Receipt) -> dict[Rule, float]:
    """The fixed rules, where the receipt says something about time and there was something to choose."""
    shortest = receipt.get("minimises", PREDICTED_MS.name) == PREDICTED_MS.name
    if not shortest or receipt["predicted_ms"] is None or receipt["forced"]:
        return {}
    rules = _rules(receipt)
    return rules if len(rules) > 1 else {}  # the model of a training run answers on its device alone


def _rules(receipt: Receipt) -> dict[Rule, float]:
    """Cached features and refined answers are choices, not fixed rules. Of several edges the fastest counts."""
    times: dict[Rule, float] = {}
    for record in receipt["candidates"]:
        ms = record["predicted_ms"]
        if record["allowed"] and ms is not None and not record.get("held") and not record.get("refine_to"):
            rule = _rule(record)
            times[rule] = min(ms, times.get(rule, ms))
    return times


def _rule(record: CandidateRecord) -> Rule:
    candidate = from_record(record)
    return candidate.route.fixed_rule(candidate), str(candidate)
