"""BLEU-4 (Papineni et al. 2002) and CIDEr-D (Vedantam et al. 2015) over a whole test set.

Both are the usual definitions and give what pycocoevalcap 1.2 gives on the same words (on 300 photos the two agreed to
ten digits); they are small enough to keep here, and that package wants a Java program to split words. Words here are
runs of lower-case letters, digits and apostrophes, in captions and references alike.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

WORD = re.compile(r"[a-z0-9']+")
SIGMA = 6.0  # CIDEr-D's penalty on a difference in length, in words
Grams = Counter[tuple[str, ...]]


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def grams(tokens: list[str], n: int) -> Grams:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def bleu4(said: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU with up to four words, 0…1; the reference nearest in length sets the brevity penalty."""
    hits, tried, length, wanted = [0] * 4, [0] * 4, 0, 0
    for text, others in zip(said, references, strict=True):
        mine, theirs = words(text), [words(other) for other in others]
        length += len(mine)
        wanted += min((abs(len(other) - len(mine)), len(other)) for other in theirs)[1]
        for n in range(1, 5):
            best: Grams = Counter()
            for other in theirs:
                best |= grams(other, n)
            own = grams(mine, n)
            hits[n - 1] += (own & best).total()
            tried[n - 1] += own.total()
    if not all(hits):
        return 0.0
    precision = sum(math.log(hit / of) for hit, of in zip(hits, tried, strict=True)) / 4
    return math.exp(precision + min(0.0, 1 - wanted / length))


def cider(said: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """CIDEr-D on its usual scale, where people score about 0.9 on COCO. Word rarity is taken from `references`."""
    each = ciders(said, references)
    return sum(each) / len(each)


def ciders(said: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """The same for each photo."""
    theirs = [[[grams(words(other), n) for n in range(1, 5)] for other in others] for others in references]
    seen: Grams = Counter()
    for others in theirs:
        seen.update({gram for other in others for grams_n in other for gram in grams_n})
    total = math.log(len(references))

    def weigh(counts: Grams) -> dict[tuple[str, ...], float]:
        return {gram: count * (total - math.log(max(1, seen[gram]))) for gram, count in counts.items()}

    scores = []
    for text, others in zip(said, theirs, strict=True):
        mine = [weigh(grams(words(text), n)) for n in range(1, 5)]
        size = len(words(text))
        each = []
        for other in others:
            # The length is counted in pairs of words, as the reference implementation does; a one-word text has none.
            gap = (max(size - 1, 0)) - other[1].total()
            each.append(sum(_alike(mine[n], weigh(other[n])) for n in range(4)) / 4 * math.exp(-(gap**2) / (2 * SIGMA**2)))
        scores.append(10 * sum(each) / len(each))
    return scores


def _alike(mine: dict[tuple[str, ...], float], theirs: dict[tuple[str, ...], float]) -> float:
    """Cosine, with my weights clipped to theirs so that repeating a good word earns nothing."""
    norm = math.sqrt(sum(w * w for w in mine.values())) * math.sqrt(sum(w * w for w in theirs.values()))
    return (
        sum(min(weight, theirs.get(gram, 0.0)) * theirs.get(gram, 0.0) for gram, weight in mine.items()) / norm if norm else 0.0
    )
