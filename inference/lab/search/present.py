"""Words for things that some of the photos show, by their captions, and for things that none of them does."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LEAST, MOST = 3, 60  # photos whose captions have the word
_DULL_WORDS = "man woman boy girl people person child children men women group two three young little old top front side air"
_DULL = frozenset(_DULL_WORDS.split())


@dataclass(frozen=True)
class Request:
    """`photos`: rows of those that show it; the library of a test of "nothing" is all others."""

    text: str
    photos: frozenset[int]


def requests(captions: Sequence[Sequence[str]], nouns: frozenset[str], count: int) -> list[Request]:
    """Of nouns that several captions of the same photo agree on, the most common first."""
    shown: dict[str, set[int]] = {}
    mentioned: dict[str, set[int]] = {}
    for row, texts in enumerate(captions):
        words = Counter(word for text in texts for word in set(re.findall(r"[a-z]+", text.lower())))
        for word, times in words.items():
            if word in nouns and word not in _DULL:
                mentioned.setdefault(word, set()).add(row)
                if times > 1:
                    shown.setdefault(word, set()).add(row)
    fitting = [word for word, rows in shown.items() if LEAST <= len(rows) <= MOST]
    fitting.sort(key=lambda word: (-len(shown[word]), word))
    return [Request(word, frozenset(mentioned[word])) for word in fitting[:count]]
