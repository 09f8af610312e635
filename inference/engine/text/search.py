"""Which words a text decoder says: the likeliest at every step, or a beam search. The same code on every engine.

Beam search with scores divided by length, and no n-gram twice (Paulus et al. 2018). It stops where no text that is still
growing could pass the worst of those that are complete, taken at its present length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.engine.engines.networks import Array, Ids, State, TextNetwork

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """Of a text: its first and last token, and how many may follow the first."""

    start: int
    end: int
    most: int


def log_softmax(logits: Array) -> Scores:
    """Over the last axis."""
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    result: Scores = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result


def greedy(
    network: TextNetwork, memory: State, mask: Ids, limits: Limits, suppressed: Sequence[int] = ()
) -> tuple[list[int], Array]:
    """One photo -> ids from the start token on, and the logits [L - 1, vocabulary] that they were chosen from. `suppressed`: no
    text begins with these."""
    ids, rows, past = [limits.start], [], None
    while len(ids) <= limits.most and (len(ids) == 1 or ids[-1] != limits.end):
        logits, past = network.step(np.array([[[ids[-1]]]]), memory, mask, past)
        row = logits[0, 0, -1].copy()
        if len(ids) == 1:
            row[list(suppressed)] = -np.inf
        rows.append(row)
        ids.append(int(row.argmax()))
    return ids, np.stack(rows)


@dataclass(frozen=True)
class _Text:
    ids: tuple[int, ...]
    score: float  # of a growing text the sum of its log-probabilities, of a complete one their mean


def beam(network: TextNetwork, memory: State, mask: Ids, limits: Limits, beams: int, ngram: int) -> list[int]:
    """One photo -> ids of the best text, from the start token on. `ngram`: so many words in a row occur once (0: any)."""
    growing, complete, past = [_Text((limits.start,), 0.0)], list[_Text](), None
    while True:
        last = np.array([[[text.ids[-1]] for text in growing]])
        logits, past = network.step(last, memory, mask, past)
        totals = _totals(log_softmax(logits[0, :, -1]), growing, ngram)
        likeliest = np.argsort(-totals, axis=None, kind="stable")[: 2 * beams]
        rows, words = np.unravel_index(likeliest, totals.shape)
        length, sources, grown = len(growing[0].ids), list[int](), list[_Text]()
        for rank, (row, word) in enumerate(zip(rows.tolist(), words.tolist(), strict=True)):
            text = _Text((*growing[row].ids, word), float(totals[row, word]))
            if word == limits.end or length == limits.most:
                # What is not among the best continuations is not among the best texts either.
                complete += [_Text(text.ids, text.score / length)] if rank < beams else []
            elif len(grown) < beams:
                grown.append(text)
                sources.append(row)
        complete = sorted(complete, key=lambda text: -text.score)[:beams]
        is_settled = len(complete) == beams and bool(grown) and grown[0].score / length <= complete[-1].score
        if not grown or is_settled:
            return list(complete[0].ids)
        growing, past = grown, network.select(past, sources)


def _totals(steps: Scores, growing: Sequence[_Text], ngram: int) -> Scores:
    """The score of every continuation, [beams, vocabulary]."""
    totals: Scores = steps + np.array([[text.score] for text in growing])
    for row, text in enumerate(growing):
        totals[row, list(_repeating(text.ids, ngram))] = -np.inf
    return totals


def _repeating(ids: Sequence[int], ngram: int) -> Iterable[int]:
    """The words that would say an n-gram again."""
    if not ngram or len(ids) < ngram:
        return ()
    begun = tuple(ids[len(ids) - ngram + 1 :])
    places = range(len(ids) - ngram + 1)
    return {ids[at + ngram - 1] for at in places if tuple(ids[at : at + ngram - 1]) == begun}
