"""A message in English words, phrase by phrase, in the order of its own language: what the reader has learnt to read. Pure."""

import re

from rapidfuzz import process
from rapidfuzz.distance import OSA

from inference.planning.languages.language import Language, words_of

SHORTEST_PART = 3  # letters of a word inside a compound
SHORTEST_SLIP = 5  # letters of a word whose slip is mended
_LINKS = ("", "s", "n", "en", "es")  # between the words of a German compound
_SPACE = re.compile(r" (?=[.,;:!?)])")


def in_english(language: Language, message: str) -> str:
    """What is in no phrase of the language stays as it is: names, numbers, English words."""
    words, glosses, place = words_of(message), list[str](), 0
    while place < len(words):
        for length in range(min(language.longest, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            if (english := language.glosses.get(phrase)) is not None:
                glosses.append(english)
                place += length
                break
        else:
            glosses.append(_unknown(language, words[place]))
            place += 1
    return _SPACE.sub("", " ".join(filter(None, glosses)))


def _unknown(language: Language, word: str) -> str:
    """A compound by its parts, a slip by the word it was meant for, anything else unchanged."""
    if not word.isalpha() or len(word) < SHORTEST_SLIP:
        return word
    return _compound(language, word) or _mended(language, word) or word


def _compound(language: Language, word: str) -> str:
    """With the longest last part, which says what it is."""
    for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        last = language.glosses.get((word[place:],))
        if not last:
            continue
        for link in _LINKS:
            first = word[: place - len(link)] if link and word[:place].endswith(link) else word[:place] if not link else ""
            if len(first) >= SHORTEST_PART and (english := language.glosses.get((first,))):
                return f"{english} {last}"
    return ""


def _mended(language: Language, word: str) -> str:
    nearest = process.extractOne(word, language.words, scorer=OSA.distance, score_cutoff=1)
    return language.glosses[(nearest[0],)] if nearest else ""
