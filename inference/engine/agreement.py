"""How much two answers of one model agree, and how sure a share of agreement is. Pure.

Without labels nobody can say how often a model is right, but whether it still says the same after its photo or features were
compressed can be measured on any photos: that is what compressing costs, relative to the uncompressed model.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959963984540054  # of a 95 % interval
LEAST_ANSWERS = 30  # with fewer, a share says too little to choose by
WORDS = re.compile(r"[\w']+")


@dataclass(frozen=True)
class Share:
    """A mean of agreements between 0 and 1, with its 95 % interval."""

    answers: int
    mean: float
    low: float
    high: float


def same_answer(before: str, after: str) -> float:
    """1 for the same words, whatever their case and punctuation."""
    return float(WORDS.findall(before.lower()) == WORDS.findall(after.lower()))


def shared_words(before: str, after: str) -> float:
    """For sentences: the mean F1 of single words and of pairs of words, as BLEU counts them and the same in both directions."""
    first, second = WORDS.findall(before.lower()), WORDS.findall(after.lower())
    if first == second:
        return 1.0
    sizes = (1, 2) if min(len(first), len(second)) > 1 else (1,)
    return sum(_f1(_grams(first, size), _grams(second, size)) for size in sizes) / len(sizes)


def share(values: Sequence[float]) -> Share:
    """With Wilson's interval (1927). For values between 0 and 1 it is, if anything, too wide: none vary more than zeros and
    ones of the same mean do."""
    count = len(values)
    if not count:
        return Share(0, 0.0, 0.0, 1.0)
    mean = sum(values) / count
    centre = (mean + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * math.sqrt(mean * (1 - mean) / count + Z * Z / (4 * count * count))
    return Share(count, mean, max(0.0, centre - half), min(1.0, centre + half))


def is_enough(answers: int) -> bool:
    """Whether placement may choose by a share of so many answers."""
    return answers >= LEAST_ANSWERS


def _grams(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[start : start + size]) for start in range(len(words) - size + 1))


def _f1(first: Counter[tuple[str, ...]], second: Counter[tuple[str, ...]]) -> float:
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0
