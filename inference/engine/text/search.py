"""Which words a text decoder says: the likeliest at every step, or a beam search. The same code on every engine.

A search knows one photo's text. `run` lets those of several photos go on together: the decoder is called once for all of them,
and a photo whose text is complete drops out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.engine.engines.networks import Array, Ids, State, TextNetwork

Scores = NDArray[np.float64]
Table = tuple[Ids, NDArray[np.bool_]]  # texts [texts, longest], and where in it they are


@dataclass(frozen=True)
class Limits:
    """Of a text: its first and last token, and how many may follow the first."""

    start: int
    end: int
    most: int


class Search(Protocol):
    @property
    def ids(self) -> Sequence[int]:
        """Of the best text, from the start token on; once the search has ended."""

    @property
    def last(self) -> Sequence[int]:
        """The last token of each text that is growing."""

    def advance(self, logits: Array) -> Sequence[int] | None:
        """The logits [texts, vocabulary] after these tokens -> which of the texts each of the next ones goes on from; None at
        the end."""


def run(network: TextNetwork, memory: State, mask: Ids, searches: Sequence[Search]) -> None:
    """All searches to their ends, one for each photo of `memory` and `mask` [M, C]."""
    active, past = list(searches), None
    while active:
        last = [search.last for search in active]
        logits, past = network.step(_padded(last)[..., None], memory, mask, past)
        rows = [search.advance(logits[m, : len(last[m]), -1]) for m, search in enumerate(active)]
        unfinished = [m for m, row in enumerate(rows) if row is not None]
        if len(unfinished) < len(active):
            active, memory, mask = [active[m] for m in unfinished], network.of_photos(memory, unfinished), mask[unfinished]
        if active:
            past = network.select(past, unfinished, _padded([row for row in rows if row is not None]))


def _padded(rows: Sequence[Sequence[int]]) -> Ids:
    """[M, R], where short rows repeat their first number: these texts are computed, and nobody reads them."""
    longest = max(map(len, rows))
    return np.array([[*row, *[row[0]] * (longest - len(row))] for row in rows])


class Greedy:
    """The likeliest word at every step. `suppressed`: no text begins with these."""

    def __init__(self, limits: Limits, suppressed: Sequence[int] = ()) -> None:
        self.limits, self.suppressed = limits, list(suppressed)
        self.ids: list[int] = [limits.start]
        self.logits: list[Array] = []  # [vocabulary] that each further token was chosen from

    @property
    def last(self) -> Sequence[int]:
        return self.ids[-1:]

    def advance(self, logits: Array) -> Sequence[int] | None:
        row = logits[0].copy()
        if len(self.ids) == 1:
            row[self.suppressed] = -np.inf
        self.logits.append(row)
        self.ids.append(int(row.argmax()))
        return None if self.ids[-1] == self.limits.end or len(self.ids) > self.limits.most else [0]


@dataclass(frozen=True)
class _Text:
    ids: tuple[int, ...]
    score: float  # of a growing text the sum of its log-probabilities, of a complete one their mean


class Beam:
    """Beam search with scores divided by length, and no n-gram twice (Paulus et al. 2018). It stops where no text that is still
    growing could pass the worst of those that are complete, taken at its present length."""

    def __init__(self, limits: Limits, beams: int, ngram: int) -> None:
        """`ngram`: so many words in a row occur once (0: any)."""
        self.limits, self.beams, self.ngram = limits, beams, ngram
        self._growing, self._complete = [_Text((limits.start,), 0.0)], list[_Text]()

    @property
    def ids(self) -> Sequence[int]:
        return self._complete[0].ids

    @property
    def last(self) -> Sequence[int]:
        return [text.ids[-1] for text in self._growing]

    def advance(self, logits: Array) -> Sequence[int] | None:
        continuations = [
            (row, _Text((*text.ids, word), text.score + log_p))
            for row, text in enumerate(self._growing)
            for word, log_p in _likeliest(logits[row], list(_repeating(text.ids, self.ngram)), 2 * self.beams)
        ]
        best = sorted(continuations, key=lambda continuation: -continuation[1].score)[: 2 * self.beams]
        length, sources, grown = len(self._growing[0].ids), list[int](), list[_Text]()
        for rank, (row, text) in enumerate(best):
            if text.ids[-1] == self.limits.end or length == self.limits.most:
                # What is not among the best continuations is not among the best texts either.
                self._complete += [_Text(text.ids, text.score / length)] if rank < self.beams else []
            elif len(grown) < self.beams:
                grown.append(text)
                sources.append(row)
        self._complete = sorted(self._complete, key=lambda text: -text.score)[: self.beams]
        is_full = len(self._complete) == self.beams and bool(grown)
        if not grown or (is_full and grown[0].score / length <= self._complete[-1].score):
            return None
        self._growing = grown
        return sources


def _likeliest(logits: Array, suppressed: Sequence[int], count: int) -> list[tuple[int, float]]:
    """The likeliest words after a text, and their log-probabilities, the likeliest first; of equal ones the first first."""
    values = logits.copy()
    values[suppressed] = -np.inf
    least = np.partition(values, -count)[-count] if count < len(values) else -np.inf
    words = np.flatnonzero(~(values < least))  # with what is no number, too
    words = words[np.argsort(-values[words], kind="stable")[:count]]
    largest = float(logits.max())
    log_p = values[words].astype(np.float64) - largest - np.log(np.exp(logits - largest).sum(dtype=np.float64))
    return list(zip(words.tolist(), log_p.tolist(), strict=True))


def log_softmax(logits: Array) -> Scores:
    """Over the last axis."""
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    result: Scores = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result


def log_probabilities(logits: Array, ids: Ids) -> Scores:
    """logits [..., vocabulary] -> of one token for each, [...]. As log_softmax, without an array of that size in double
    precision."""
    largest = logits.max(-1, keepdims=True)
    sums = np.exp(logits - largest).sum(-1, dtype=np.float64)
    result: Scores = (np.take_along_axis(logits, ids[..., None], -1) - largest)[..., 0] - np.log(sums)
    return result


def table(texts: Sequence[Sequence[int]], end: int) -> Table:
    """Texts of different lengths, filled up with `end`."""
    ids = np.full((len(texts), max(map(len, texts))), end)
    inside = np.arange(ids.shape[1]) < np.array([[len(text)] for text in texts])
    ids[inside] = np.concatenate(texts)
    return ids, inside


def _repeating(ids: Sequence[int], ngram: int) -> Iterable[int]:
    """The words that would say an n-gram again."""
    if not ngram or len(ids) < ngram:
        return ()
    begun = tuple(ids[len(ids) - ngram + 1 :])
    places = range(len(ids) - ngram + 1)
    return {ids[at + ngram - 1] for at in places if tuple(ids[at : at + ngram - 1]) == begun}
