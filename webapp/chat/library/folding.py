"""Text as the search compares it, and where it matched. Databases fold case differently, some of them only in English. Pure.

Case, accents and invisible marks count for nothing: "cafe" finds "Café", "STRASSE" finds "Straße".
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

LEAD = 40  # characters of an excerpt before its first match


@dataclass(frozen=True)
class Piece:
    """A part of a text that is to be marked, or one between two of these."""

    text: str
    match: bool


def fold(text: str) -> str:
    return text.lower() if text.isascii() else "".join(map(_folded, text))


def words_of(text: str) -> list[str]:
    """The words of a query, folded, each once."""
    return list(dict.fromkeys(fold(text).split()))


def pieces(text: str, words: Sequence[str]) -> list[Piece]:
    """All of `text`, cut where a match begins and ends."""
    result, position = [], 0
    for start, end in _spans(text, words):
        result += [Piece(text[position:start], False), Piece(text[start:end], True)]
        position = end
    return [piece for piece in [*result, Piece(text[position:], False)] if piece.text]


def excerpt(text: str, words: Sequence[str], most: int) -> list[Piece]:
    """About `most` characters from shortly before the first match, on one line; from the beginning where nothing matches."""
    text = " ".join(text.split())
    first = next(_spans(text, words), (0, 0))[0]
    start = 0 if first <= LEAD or len(text) <= most else text.rfind(" ", 0, first - LEAD // 2) + 1
    end = len(text)
    if end - start > most:
        space = text.rfind(" ", start + most // 2, start + most)
        end = space if space > 0 else start + most
    before, after = ("… " if start else ""), (" …" if end < len(text) else "")
    return [piece for piece in (Piece(before, False), *pieces(text[start:end], words), Piece(after, False)) if piece.text]


def _spans(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the words are in `text`, in order and without overlaps: start and end in characters of the text itself."""
    folded = [_folded(character) for character in text]
    origins = [index for index, part in enumerate(folded) for _ in part]  # of each folded character
    joined = "".join(folded)
    matches = sorted((at, at + len(word)) for word in words for at in _occurrences(joined, word))
    end_before = 0
    for first, last in _merged(matches):
        start, end = max(origins[first], end_before), origins[last - 1] + 1
        while end < len(text) and not folded[end]:  # accents belong to their letter
            end += 1
        if start < end:
            yield start, end
            end_before = end


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current:
            yield current
        current = start, end
    if current:
        yield current


def _occurrences(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while word and at >= 0:
        yield at
        at = text.find(word, at + len(word))


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character).casefold()
    return "".join(part for part in parts if unicodedata.category(part) not in ("Mn", "Cf"))
