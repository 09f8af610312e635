"""Figures of judged answers, each share with its 95 % interval."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypedDict

from bench.harness.intervals import rounded, wilson
from bench.models.people.asking import Asked
from bench.models.people.matching import Verdict
from bench.models.people.statement import Doubt


class Figures(TypedDict):
    """`None` for a share of nothing.

    answered    not declined, of all
    helpful     right, sensible or honestly declined, of all
    flat_right  right, of what was stated without reservation
    right_kind  yes or no, a number, a colour, one of two, where that was asked for and something was answered
    """

    n: int
    answered: float | None
    helpful: float | None
    helpful_ci: list[float]
    flat_n: int
    flat_right: float | None
    flat_right_ci: list[float]
    kind_n: int
    right_kind: float | None
    right_kind_ci: list[float]
    verdicts: dict[str, int]


class PeopleFigures(Figures):
    """`flat_right` is of held-out photos alone: thresholds may be set on the others. All other figures are of both."""

    by_source: dict[str, Figures]
    by_kind: dict[str, Figures]
    by_doubt: dict[str, dict[str, int]]  # verdicts


def score(answers: Sequence[Asked]) -> PeopleFigures:
    sources = list(dict.fromkeys(asked.question.source for asked in answers))
    kinds = list(dict.fromkeys(asked.question.kind for asked in answers))
    held_out = figures([asked for asked in answers if asked.question.use == "held_out"])
    return {
        **figures(answers),
        "flat_n": held_out["flat_n"],
        "flat_right": held_out["flat_right"],
        "flat_right_ci": held_out["flat_right_ci"],
        "by_source": {source: figures([a for a in answers if a.question.source == source]) for source in sources},
        "by_kind": {kind.value: figures([a for a in answers if a.question.kind == kind]) for kind in sorted(kinds)},
        "by_doubt": {doubt.value: _verdicts([a for a in answers if a.judgement.doubt is doubt]) for doubt in Doubt},
    }


def figures(answers: Sequence[Asked]) -> Figures:
    flat = [asked for asked in answers if asked.judgement.doubt is Doubt.FLAT]
    typed = [asked for asked in answers if asked.judgement.right_kind is not None]
    answered, _ = _share(answers, lambda asked: asked.judgement.doubt is not Doubt.DECLINED)
    helpful, helpful_ci = _share(answers, lambda asked: asked.judgement.helpful)
    flat_right, flat_right_ci = _share(flat, lambda asked: asked.judgement.verdict is Verdict.RIGHT)
    right_kind, right_kind_ci = _share(typed, lambda asked: bool(asked.judgement.right_kind))
    return {
        "n": len(answers),
        "answered": answered,
        "helpful": helpful,
        "helpful_ci": helpful_ci,
        "flat_n": len(flat),
        "flat_right": flat_right,
        "flat_right_ci": flat_right_ci,
        "kind_n": len(typed),
        "right_kind": right_kind,
        "right_kind_ci": right_kind_ci,
        "verdicts": _verdicts(answers),
    }


def _verdicts(answers: Sequence[Asked]) -> dict[str, int]:
    counts = Counter(asked.judgement.verdict for asked in answers)
    return {verdict.value: counts[verdict] for verdict in Verdict}


def _share(answers: Sequence[Asked], counts: Callable[[Asked], bool]) -> tuple[float | None, list[float]]:
    hits = sum(map(counts, answers))
    return (round(hits / len(answers), 4) if answers else None), rounded(wilson(hits, len(answers)))
