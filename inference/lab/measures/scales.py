"""Scales of doubt, fitted to samples: what the probability of an answer is worth as a confidence (Platt 1999)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from inference.engine import doubt
from inference.engine.doubt import Certainty, Scale
from inference.engine.questions.kinds import Kind

LEAST_OF_KIND = 60  # samples, for an offset of its own
_OF_TWO = (Kind.YES_NO, Kind.EITHER_OR)  # answers


@dataclass(frozen=True)
class Sample:
    task: str
    kind: str
    probability: float  # of the answer, unscaled
    variety: float  # of what the tower saw
    is_right: bool
    weight: float = 1.0
    is_odd: bool = False  # no photo of anything


def photo(samples: Sequence[Sample]) -> tuple[float, float]:
    """Offset and slope, in the variety of what the tower saw, of the log odds that it is a photo and no odd picture."""
    variety = {(sample.variety, sample.is_odd) for sample in samples}
    model = LogisticRegression(C=1e4, class_weight="balanced")
    model.fit([[value] for value, _ in variety], [not is_odd for _, is_odd in variety])
    return round(float(model.intercept_[0]), 2), round(float(model.coef_[0][0]), 2)


def fit(samples: Sequence[Sample], of_photo: tuple[float, float]) -> Scale:
    """Of one task. A kind's own offset and slope are fitted as what they add to the common ones. A kind whose model is the less
    right the surer it is has the common slope; between alternatives a draw is right by chance, whatever the photo."""
    counts = Counter(sample.kind for sample in samples if sample.kind)
    own = sorted(kind for kind, count in counts.items() if count >= LEAST_OF_KIND and kind != Kind.EITHER_OR)
    sloped, scale = own, _fit(samples, of_photo, own, own)
    while falling := [kind for kind in sloped if scale.kinds[kind][1] < 0]:
        sloped = [kind for kind in sloped if kind not in falling]
        scale = _fit(samples, of_photo, own, sloped)
    if counts[Kind.EITHER_OR] < LEAST_OF_KIND:
        return scale
    chosen = [sample for sample in samples if sample.kind == Kind.EITHER_OR]
    model = LogisticRegression(fit_intercept=False)
    model.fit([[doubt.log_odds(sample.probability)] for sample in chosen], [sample.is_right for sample in chosen])
    slope = max(0.0, round(float(model.coef_[0][0]), 3))
    return replace(scale, kinds={**scale.kinds, Kind.EITHER_OR.value: (-scale.photo[2], slope)})


def _fit(
    samples: Sequence[Sample], of_photo: tuple[float, float], own: Sequence[str], sloped: Sequence[str], common: bool = True
) -> Scale:
    """`own`: kinds with an offset of their own; `sloped`: with a slope of their own, too; `common`: whether the others have one
    that is not zero."""
    samples = [*samples, *(replace(sample, kind="") for sample in samples)]  # what is common is fitted to all of them
    odds = np.array([doubt.log_odds(sample.probability) for sample in samples])
    is_kind = {kind: np.array([float(sample.kind == kind) for sample in samples]) for kind in own}
    unweighted = Scale(photo=(*of_photo, 0.0))
    is_photo = np.array([unweighted.is_photo(sample.variety) for sample in samples])
    inputs = np.column_stack(
        [odds * common, is_photo, *(is_kind[kind] for kind in own), *(is_kind[kind] * odds for kind in sloped)]
    )
    model = LogisticRegression(max_iter=5000)
    model.fit(inputs, [sample.is_right for sample in samples], sample_weight=[sample.weight for sample in samples])
    offset, (slope, weight, *rest) = float(model.intercept_[0]), map(float, model.coef_[0])
    if common and slope < 0:
        return _fit(samples[: len(samples) // 2], of_photo, own, sloped, common=False)
    more, steeper = dict(zip(own, rest, strict=False)), dict(zip(sloped, rest[len(own) :], strict=True))
    kinds_ = {kind: (round(offset + more[kind], 3), round(slope + steeper.get(kind, 0.0), 3)) for kind in own}
    return Scale(round(offset, 3), round(slope, 3), (*of_photo, round(weight, 3)), kinds_)


def table(samples: Sequence[Sample], scale: Scale) -> Iterator[str]:
    """How often answers of each degree of doubt were right."""
    graded = [
        (doubt.certainty(scale.probability(s.probability, s.variety, s.kind), alternatives=2 if s.kind in _OF_TWO else 0), s)
        for s in samples
    ]
    for certainty in Certainty:
        rows = [sample for given, sample in graded if given is certainty]
        right = sum(sample.is_right for sample in rows)
        yield f"  {certainty:9} {right:5} of {len(rows):5} right" + (f" ({right / len(rows):.0%})" if rows else "")
