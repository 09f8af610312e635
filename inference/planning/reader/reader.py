"""Reads a message: words in, lines of a plan out, with how sure the reader is of them."""

import json
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import takewhile
from pathlib import Path

import numpy as np

from inference.planning.reader.network import MOST_PIECES, MOST_TOKENS, Array, Network, Words, Writing, check
from inference.planning.reader.plan_lines import END, Grammar, Line, from_tokens, is_mark, kind_of
from inference.planning.reader.spelling import Speller
from inference.planning.reader.words import TOKEN_PIECES, Pieces, context_words, words_of

FOLDER = Path(__file__).parents[1] / "weights"
MOST_WORDS = 150  # of a message that are read at once; a longer one is parted at its sentences
SURE = 0.5  # probability of a plan from which on no second one is written beside it
BEAMS = 2
MOST_PARTS = 3  # that are read; the rest is left out


@dataclass(frozen=True)
class Reading:
    """`probability`: of these lines, by the reader's own account. `is_whole`: False where the end was not read."""

    lines: tuple[Line, ...]
    probability: float
    is_whole: bool = True


class Reader:
    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises OSError for files that are missing, and ValueError for damaged ones; for the network's when it first reads."""
        check(folder)
        self._folder = folder
        self.pieces = Pieces(folder / "pieces.txt")
        self.vocabulary: list[str] = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        kinds = np.array([kind_of(token) for token in self.vocabulary])
        self._kinds = {str(kind): kinds == kind for kind in np.unique(kinds)}
        self._places = {token: place for place, token in enumerate(self.vocabulary)}
        # Those it was trained with, which the vocabulary begins with; a task that was added since has none.
        self._numbers = {mark: number for number, mark in enumerate(takewhile(is_mark, self.vocabulary))}
        self.speller = Speller(self.vocabulary, self.pieces.whole)

    @cached_property
    def network(self) -> Network:
        """Loaded where messages are read: the web app has use for the speller alone."""
        return Network(self._folder)

    def read(self, message: str, earlier: Sequence[tuple[str, str]] = (), photos: int = 1, runs: Sequence[str] = ()) -> Reading:
        """`earlier`: questions of the conversation with their answers, oldest first."""
        lines, probability = list[Line](), 1.0
        before = context_words(earlier, photos, runs)
        parts = _parts(self.speller.mend(words_of(message)))
        for words in parts[:MOST_PARTS]:
            tokens, chance = self._write(before, words)
            lines += from_tokens(tokens)
            probability *= chance
        return Reading(tuple(lines), probability, len(parts) <= MOST_PARTS)

    def _write(self, before: list[str], message: list[str]) -> tuple[list[str], float]:
        """A plan, each of its words the most probable; where that leaves doubt, the better of it and two at a time."""
        words, states = self._encode(before, message)
        plan = self._best_of(1, words, states)
        return plan if plan[1] >= SURE else max(plan, self._best_of(BEAMS, words, states), key=lambda one: one[1])

    def _best_of(self, width: int, words: list[str], states: Words) -> tuple[list[str], float]:
        """The most probable plan of `width` that are written side by side (beam search)."""
        copies, done = _Copies(words), list[tuple[list[str], float]]()
        beams = [_Beam([], 1.0, self.network.begin(states), Grammar(), self.network.mark(self._numbers[END]), [])]
        for _ in range(MOST_TOKENS):
            next_beams = list[tuple[float, str, _Beam]]()
            for beam in beams:
                next_beams += [(beam.chance * chance, token, beam) for token, chance in self._next(beam, copies, width)]
            beams = []
            for chance, token, beam in sorted(next_beams, key=lambda one: -one[0])[:width]:
                if token == END:
                    done.append(([*beam.tokens, token], chance))
                else:
                    places = [place for place, word in enumerate(words, 1) if word == token]
                    beams.append(beam.grown(token, chance, self._embedding(token), places))
            best = max((chance for _, chance in done), default=0.0)
            if not beams or best >= beams[0].chance:
                break
        return max(done or [(beams[0].tokens, beams[0].chance)], key=lambda one: one[1])

    def _next(self, beam: "_Beam", copies: "_Copies", width: int) -> list[tuple[str, float]]:
        """The most probable tokens: a word may be written, copied from several places, or both."""
        written, copied = self.network.step(beam.writing, beam.embedding, beam.places)
        allowed = [kind for kind in self._kinds if beam.grammar.allows(kind)]
        written = np.where(np.logical_or.reduce([self._kinds[kind] for kind in allowed]), written, 0)
        best = [int(written.argmax())] if width == 1 else np.argpartition(written, -width)[-width:].tolist()
        chances = {self.vocabulary[number]: float(written[number]) for number in best}
        for word, chance in copies.chances(copied if "word" in allowed else np.zeros_like(copied)):
            chances[word] = chance + (float(written[place]) if (place := self._places.get(word)) is not None else 0.0)
        return sorted(((token, chance) for token, chance in chances.items() if chance > 0), key=lambda one: -one[1])[:width]

    def _encode(self, before: list[str], message: list[str]) -> tuple[list[str], Words]:
        words = [*before, *message]
        sequence = self.pieces.sequence(words, len(before), MOST_PIECES)
        return words[: len(sequence.first) - 1], self.network.encode(sequence.pieces, sequence.is_message, sequence.first)

    def _embedding(self, token: str) -> Array:
        if token in self._numbers:
            return self.network.mark(self._numbers[token])
        mean: Array = self.network.embedding(self.pieces.of([token])[0][:TOKEN_PIECES]).mean(0)
        return mean


@dataclass
class _Beam:
    """A plan that is being written. `embedding`: of its last token, which stands at `places` of the message."""

    tokens: list[str]
    chance: float
    writing: Writing
    grammar: Grammar
    embedding: Array
    places: list[int]

    def grown(self, token: str, chance: float, embedding: Array, places: list[int]) -> "_Beam":
        grammar = copy(self.grammar)
        grammar.take(token)
        writing = replace(self.writing, words=self.writing.words)
        writing.written, writing.position = self.writing.written.copy(), self.writing.position
        return _Beam([*self.tokens, token], chance, writing, grammar, embedding, places)


class _Copies:
    """The different words that may be copied, and where each stands."""

    def __init__(self, words: Sequence[str]) -> None:
        numbers = dict[str, int]()
        self._groups = np.array(
            [0, *(numbers.setdefault(word, len(numbers) + 1) if word[:1].isalnum() else 0 for word in words)]
        )
        self._words = ["", *numbers]

    def chances(self, copied: Array) -> Iterator[tuple[str, float]]:
        """Of the three most probable."""
        mass = np.bincount(self._groups, copied, len(self._words))
        mass[0] = 0
        for number in np.argsort(mass)[-3:]:
            if mass[number] > 0:
                yield self._words[number], float(mass[number])


def _parts(words: list[str]) -> list[list[str]]:
    """Parts short enough to be read, each ending with a sentence where it can."""
    parts = list[list[str]]()
    while len(words) > MOST_WORDS:
        ends = [n for n, word in enumerate(words[:MOST_WORDS], 1) if word in (".", "?", "!", "\n")]
        end = ends[-1] if ends else MOST_WORDS
        parts.append(words[:end])
        words = words[end:]
    return [*parts, words]


@lru_cache(maxsize=1)
def bundled() -> Reader:
    return Reader()
