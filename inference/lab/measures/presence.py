"""Whether a thing is in a photo, from what the classifier and the question model say: one logistic regression for each word or
kind of thing that was seen often enough."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from inference.engine.questions.choice_table import ANY, CLASSIFIER, QUESTIONS, PresenceRow

LEAST_POSITIVES = 20  # of a word or kind, for a row of its own


@dataclass(frozen=True)
class Evidence:
    word: str
    kind: str
    is_there: bool
    classifier: float  # log odds; 0 for what it has no class for
    questions: float


def rows(evidence: Iterable[Evidence]) -> dict[str, PresenceRow]:
    """A row for each word and each kind that was seen often enough, and one for the rest."""
    groups: dict[str, list[Evidence]] = defaultdict(list)
    for row in evidence:
        for name in (row.word, row.kind, ANY):
            groups[name].append(row)
    return {
        name: fit(group)
        for name, group in sorted(groups.items())
        if min(sum(row.is_there for row in group), sum(not row.is_there for row in group)) >= LEAST_POSITIVES
    }


def fit(rows: Sequence[Evidence]) -> PresenceRow:
    """Neither model speaks against itself: one that would is left out."""
    there = np.array([row.is_there for row in rows])
    both = np.array([[row.classifier, row.questions] for row in rows])
    used = np.array([True, True])
    model = LogisticRegression().fit(both, there)
    while (model.coef_[0] < 0).any() and used.sum() > 1:
        used[int(model.coef_[0].argmin())] = False
        model = LogisticRegression().fit(both * used, there)
    classifier, questions = (round(max(0.0, float(slope)), 3) for slope in model.coef_[0])
    return {"offset": round(float(model.intercept_[0]), 3), "classifier": classifier, "questions": questions}


def losses(evidence: Sequence[Evidence]) -> dict[str, float]:
    """Log loss, on the half that each was not fitted on, of the classifier, of the question model and of both."""
    there = np.array([row.is_there for row in evidence])
    both = np.array([[row.classifier, row.questions] for row in evidence])
    inputs = {CLASSIFIER: both[:, :1], QUESTIONS: both[:, 1:], "both": both}
    return {name: float(np.mean([_held_out(values, there, half) for half in (0, 1)])) for name, values in inputs.items()}


def _held_out(values: NDArray[np.float64], there: NDArray[np.bool_], half: int) -> float:
    fitted = np.arange(len(there)) % 2 == half
    model = LogisticRegression().fit(values[fitted], there[fitted])
    return float(log_loss(there[~fitted], model.predict_proba(values[~fitted])[:, 1], labels=[False, True]))
