"""What a classifier's probabilities say to a question: a name, or one of the alternatives. Pure.

The probability of a branch of the label tree is the sum over its classes. It is evidence that something of the kind is there,
so a certain wider name ("dog") beats a doubtful narrow one, and where the branch has little, nothing of it was seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.engine.doubt import shared
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.label_tree import Branch, LabelTree

Probabilities = NDArray[np.float64]  # [classes]
GUESSES = 5
CERTAIN = 0.8  # from here on a wider name is stated, and a narrow one needs no wider
UNLIKELY = 0.1  # alternatives below this together are a weak reason to choose one of them
UNSEEN = 0.02  # a branch below this was not seen, although who asks for its name takes it for granted
COVERED = ("animal", "vehicle")  # kinds of which the classes are most; of flowers there are three, of food some
BROADEST = 200  # classes: "animal" says little more than the question does
_LEAST = 1e-6


@dataclass(frozen=True)
class Naming:
    """`text`: the answer; `absent`: the thing that was not seen, of which nothing can be said."""

    text: str
    confidence: float
    top: list[tuple[str, float]]  # classes, or alternatives, the best first
    absent: str = ""

    def scaled(self, scale: Callable[[float], float]) -> "Naming":
        top = shared(self.top, scale(self.top[0][1])) if self.top else []
        return replace(self, confidence=scale(self.confidence), top=top)


def name(probabilities: Probabilities, tree: LabelTree, names: Sequence[str], wanted: str = "") -> Naming:
    """The name of what is there, of a class in the branch `wanted`; or the surest wider name, where the class is in doubt."""
    branch = tree.branches.get(wanted)
    if branch is None:
        top = _top(probabilities, names, range(len(probabilities)))
        best = int(probabilities.argmax())
        return _widened(probabilities, tree, Naming(*top[0], top), best)
    mass = of(probabilities, branch)
    inside = sorted(branch.classes)
    if mass < UNSEEN and branch.kind in COVERED:
        return Naming(f"no {branch.name}", 1 - mass, _top(probabilities, names, inside), branch.name)
    top = _top(probabilities, names, inside)
    best = max(inside, key=lambda number: probabilities[number])
    return _widened(probabilities, tree, Naming(*top[0], top), best, branch)


def _widened(probabilities: Probabilities, tree: LabelTree, narrow: Naming, best: int, within: Branch | None = None) -> Naming:
    if narrow.confidence >= CERTAIN:
        return narrow
    limit = len(within.classes) if within else BROADEST  # a name no wider than what was asked for says nothing
    for branch in tree.wider(best):
        if len(branch.classes) < limit and of(probabilities, branch) >= CERTAIN:
            return Naming(branch.name, of(probabilities, branch), narrow.top)
    return narrow


def among(probabilities: Probabilities, branches: Sequence[Branch], texts: Sequence[str]) -> Naming:
    """The likeliest of several alternatives, with its probability among them; each is a branch."""
    masses = np.array([max(of(probabilities, branch), _LEAST) for branch in branches])
    shares = masses / masses.sum()
    order = np.argsort(-shares)
    top = [(texts[number], float(shares[number])) for number in order]
    # What both are unlikely to be is a weak reason to choose one of them.
    return Naming(top[0][0], top[0][1] * min(1.0, float(masses.sum()) / UNLIKELY) ** 0.5, top)


def of(probabilities: Probabilities, branch: Branch) -> float:
    return float(probabilities[list(branch.classes)].sum())


def _top(probabilities: Probabilities, names: Sequence[str], numbers: Sequence[int] | range) -> list[tuple[str, float]]:
    best = np.argsort(-probabilities[list(numbers)], kind="stable")[:GUESSES]
    return [(names[numbers[place]], float(probabilities[numbers[place]])) for place in best]


def answerable(reading: Reading, tree: LabelTree) -> str | None:
    """The kind of thing (a row of the table of choices) where a classifier could answer; None where it could not."""
    if reading.kind is Kind.NAME:
        return tree.branches[reading.wanted].kind if reading.wanted else "any"
    if reading.kind is Kind.EITHER_OR:
        branches = [tree.find(choice) for choice in reading.alternatives]
        apart = len({branch.classes for branch in branches if branch}) == len(branches)  # "a dog or a puppy?" leaves no choice
        return branches[0].kind if branches[0] and all(branches) and apart else None
    return None
