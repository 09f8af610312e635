"""Words that nobody spells so, as they were probably meant: the likeliest known word one or two slips away.

Known are the words of an English dictionary with their frequencies, whole pieces of the reader's encoder (names, British
spellings) and what the reader writes itself. A known word is never touched: "stares" for "stairs" is the reader's work.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

from inference.planning.reader.words import ADDRESS
from inference.planning.rules.spelling import TYPOS

SHORTEST = 3
TWO_SLIPS = 7  # letters from which on two slips are mended
OWN = 4.0  # how much likelier (in nats) a word is that the reader knows how to write
# What a slip costs, in nats: how much rarer it is than a doubled letter.
SWAPPED, VOWEL, MISSED, NEIGHBOUR, ADDED, OTHER = 0.5, 1.0, 1.5, 2.0, 2.0, 4.0
FIRST_LETTER, SECOND_SLIP = 4.0, 3.0
LEAST_COUNT, COMMON = 20, 5000  # times that the dictionary saw a word; a common one
_VOWELS = frozenset("aeiouy")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT_KEYS = {key: set(row[max(0, n - 1) : n] + row[n + 1 : n + 2]) for row in _ROWS for n, key in enumerate(row)}


class Dictionary:
    """Words with how often each was seen, in a fraction of a dict's memory: every worker has one, and rarely looks into it."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._words = np.array(sorted(word.encode() for word in counts))
        self._counts = np.fromiter((counts[word.decode()] for word in self._words), np.int64, len(self._words))

    def count(self, word: str) -> int:
        """0 for a word that is not in it."""
        place = int(np.searchsorted(self._words, word.encode()))
        return int(self._counts[place]) if place < len(self._words) and self._words[place] == word.encode() else 0

    def beginning_with(self, letter: str) -> list[str]:
        """`letter`: an ASCII one."""
        start, end = np.searchsorted(self._words, [letter.encode(), chr(ord(letter) + 1).encode()])
        return [word.decode() for word in self._words[start:end].tolist()]


class Speller:
    """`own`: words that the reader writes; `pieces`: the vocabulary of its encoder."""

    def __init__(self, own: Iterable[str], pieces: Iterable[str]) -> None:
        counts = SpellChecker(language="en", distance=1).word_frequency.dictionary
        self._own = {word for word in own if _is_word(word)}
        self._pieces = frozenset(pieces) | {ADDRESS}
        seen = {word: count for word, count in counts.items() if count >= LEAST_COUNT}
        self._dictionary = Dictionary(dict.fromkeys(self._own, 0) | seen)
        self.mended = lru_cache(maxsize=8192)(self._mended)

    def mend(self, words: Sequence[str]) -> list[str]:
        """`words` as words.words_of gives them; the same number of them."""
        return [self.mended(word) for word in words]

    def is_known(self, word: str) -> bool:
        """Also where it is two common words in one: "heatsink"."""
        if self.is_english(word) or word in self._pieces:
            return True
        parts = ((word[:n], word[n:]) for n in range(SHORTEST, len(word) - SHORTEST + 1))
        return any(all(self._dictionary.count(part) >= COMMON for part in pair) for pair in parts)

    def is_english(self, word: str) -> bool:
        """By the dictionary alone: the encoder's pieces have words of every language."""
        return word in self._own or self._dictionary.count(word) >= LEAST_COUNT

    def _mended(self, word: str) -> str:
        if (meant := TYPOS.get(word, word)) != word and " " not in meant:
            return meant
        if len(word) < SHORTEST or not _is_word(word) or word in TYPOS or self.is_known(word):
            return word
        slips = 1 + (len(word) >= TWO_SLIPS)
        candidates = {
            candidate: int(distance)
            for letter in dict.fromkeys(word[:2])
            for candidate, distance, _ in process.extract(
                word, self._dictionary.beginning_with(letter), scorer=OSA.distance, score_cutoff=slips, limit=None
            )
        }
        best = max(candidates, key=lambda candidate: self._score(word, candidate, candidates[candidate]), default=word)
        return best if best == word or self._score(word, best, candidates[best]) > 0 else word

    def _score(self, typed: str, meant: str, slips: int) -> float:
        weight = math.log(max(LEAST_COUNT, self._dictionary.count(meant))) + OWN * (meant in self._own)
        return weight - _cost(typed, meant) - SECOND_SLIP * (slips - 1)


def _cost(typed: str, meant: str) -> float:
    """Of one slip; the dearest kind where there are two."""
    first = FIRST_LETTER * (typed[0] != meant[0])
    if _single(typed) == _single(meant):
        return first
    if sorted(typed) == sorted(meant):
        return first + SWAPPED
    if _consonants(typed) == _consonants(meant):
        return first + VOWEL
    if len(typed) != len(meant):
        return first + (MISSED if len(typed) < len(meant) else ADDED)
    different = [(a, b) for a, b in zip(typed, meant, strict=True) if a != b]
    return first + (NEIGHBOUR if all(b in _NEXT_KEYS.get(a, ()) for a, b in different) else OTHER)


def _single(word: str) -> str:
    """Without doubled letters."""
    return "".join(letter for n, letter in enumerate(word) if not n or letter != word[n - 1])


def _consonants(word: str) -> str:
    return _single("".join(letter for letter in word if letter not in _VOWELS))


def _is_word(word: str) -> bool:
    return word.isascii() and word.isalpha()
