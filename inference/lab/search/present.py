"""Words for things that some of the photos show, by their captions: whether one is found, and nothing where none shows it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.engine.mean_token import space
from inference.engine.questions import label_tree
from inference.lab.search import photos
from inference.search import relevance
from inference.search.text import bundled_text

THINGS = 150
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


def units(layer: space.PhotoSpace, split: str) -> space.Array:
    """The unit vectors [N, SIZE] of a split's photos, as they are stored."""
    rows = layer.vectors(photos.means(photos.FOLDER, split, 0))
    vectors = np.stack([np.frombuffer(row, np.int8) for row in rows]).astype(np.float32)
    result: space.Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return result


def nothing(vectors: space.Array, captions: list[list[str]], limit: float = relevance.FITS) -> tuple[float, float]:
    """Shares of words for which a photo of the thing is the first above the limit, and, in a library without any photo of the
    thing, none is."""
    tree, side = label_tree.names(), bundled_text()
    words = {word for texts in captions for text in texts for word in text.lower().split()}
    nouns = frozenset(word for word in words if tree.find(word) is not None)
    hits = empty = 0
    wanted = requests(captions, nouns, THINGS)
    for request in wanted:
        vector = side.unit(request.text)
        scale = relevance.of(vector)
        distances = np.array([scale.distance(similarity) for similarity in vectors @ vector])
        best = int(distances.argmax())
        hits += best in request.photos and distances[best] >= limit
        others = np.delete(distances, sorted(request.photos))
        empty += bool(others.max() < limit)
    return round(float(hits / len(wanted)), 4), round(float(empty / len(wanted)), 4)
