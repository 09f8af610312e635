"""Words for things in small and large libraries: `python -m bench.search.things [--json]`.

Libraries are drawn from photos that no model was trained on: `everyday` (500, each with the one class that it shows) and
Flickr8k's test photos (1,000, with five captions each). For each word for a thing that some photo shows, a library has one of
these photos among others that do not show it. Vectors and names are those that a device sends with its answers. On
`--split dev` the limit by the number of photos was chosen. About four minutes.

everyday.SIZE.FORM    a word alone, with an article or in the plural, in libraries of SIZE photos:
  looks_shown         share of words for which the photo is shown, where photos have a vector and no names
  near_shown          the same with names that are looked for among the 60 nearest photos alone
  shown, first        with names, and the share for which it comes first
  looks_false, false  share of words for which something else is shown
captions.SIZE         likewise of whole captions of Flickr8k, without names: `shown` and `false` by the limit for this number of
                      photos, `shown_fixed` and `false_fixed` by that of large libraries
words.SIZE            of words in captions that are no class of the classifier ("snow", "jumping")
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.harness import command
from bench.models import product
from inference.engine.questions import label_tree
from inference.engine.questions.label_tree import Branch
from inference.lab.data import photo_sets
from inference.lab.search import present
from inference.search import naming, relevance
from inference.search.text import bundled_text

SIZES, REPEATS, SEED = (18, 50, 200, 500), 3, 0
NEAREST = 60  # photos that a search shows at most
FORMS: dict[str, Callable[[str], str]] = {"word": str, "article": "a {}".format, "plural": "{}s".format}
WORDS, CAPTIONS = 300, 300
_DULL_WORDS = (
    "a an the is are was of in on at to with by for from into onto near while as it its his her their there this that and or "
    "two three one some up out over down through off him she he who has have"
)
_DULL = frozenset(_DULL_WORDS.split())
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Photos:
    vectors: NDArray[np.float32]  # unit, [N, SIZE]
    names: list[list[tuple[str, float]]]

    def distances(self, words: str) -> NDArray[np.float32]:
        vector = bundled_text().unit(words)
        scale = relevance.of(vector)
        result: NDArray[np.float32] = (self.vectors @ vector - scale.mean) / scale.deviation
        return result

    def named(self, word: str) -> Flags:
        things = naming.things(word)
        return np.array([bool(naming.confirmed_by(names, things)) for names in self.names])


def look_at(files: Iterable[str]) -> Photos:
    """As a device does that answers about them."""
    vision, root = product.load(), photo_sets.data_dir()
    answers = [vision.run_whole("caption", Image.open(photo_sets.require(root / file)).convert("RGB"), "") for file in files]
    vectors = np.stack([np.frombuffer(answer.vector, np.int8) for answer in answers]).astype(np.float32)
    return Photos(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), [answer.names for answer in answers])


def classes_shown(classes: Sequence[int]) -> list[tuple[str, Branch, list[int]]]:
    """Words for classes and for wider names of which a photo shows one, with the rows of these photos."""
    tree = label_tree.names()
    words = [*tree.branches, *(label.split(",")[0].lower() for label in tree.labels)]
    branches = {word: branch for word in words if " " not in word and (branch := tree.find(word)) is not None}
    shown = {word: [row for row, number in enumerate(classes) if number in branch.classes] for word, branch in branches.items()}
    return [(word, branches[word], rows) for word, rows in shown.items() if rows]


def libraries(dice: np.random.Generator, rows: Sequence[int], count: int, size: int) -> Iterable[NDArray[np.intp]]:
    """One of the rows first, and others that are none of them."""
    others = np.setdiff1d(np.arange(count), rows)
    for _ in range(REPEATS):
        rest = dice.choice(others, min(size - 1, len(others)), replace=False)
        yield np.concatenate([dice.choice(rows, 1), rest])


def of_everyday(photos: Photos, classes: Sequence[int]) -> dict[str, dict[str, dict[str, float]]]:
    wanted = classes_shown(classes)
    return {str(size): {form: _of_words(photos, wanted, made, size) for form, made in FORMS.items()} for size in SIZES}


def _of_words(
    photos: Photos, wanted: Sequence[tuple[str, Branch, list[int]]], form: Callable[[str], str], size: int
) -> dict[str, float]:
    dice, outcomes = np.random.default_rng(SEED), list[tuple[bool, ...]]()
    for word, _, rows in wanted:
        distances, named = photos.distances(form(word)), photos.named(word)
        for library in libraries(dice, rows, len(named), size):
            looks = distances[library] >= relevance.FITS
            fits = looks | named[library]
            best = np.where(fits, distances[library] + relevance.NAMED * named[library], -np.inf).argmax()
            shown, is_near = bool(fits[0]), int((distances[library] > distances[library[0]]).sum()) < NEAREST
            outcomes.append(
                (bool(looks[0]), bool(looks[1:].any()), shown and is_near, shown, shown and best == 0, bool(fits[1:].any()))
            )
    shares = np.array(outcomes, float).mean(0).round(3)
    return dict(zip(("looks_shown", "looks_false", "near_shown", "shown", "first", "false"), map(float, shares), strict=True))


def by_limit(photos: Photos, wanted: Sequence[tuple[str, Sequence[int]]]) -> dict[str, dict[str, float]]:
    """`wanted`: a text, and the rows of photos that it is about."""
    figures = {}
    for size in (*SIZES, len(photos.names)):
        dice, outcomes = np.random.default_rng(SEED), list[tuple[bool, ...]]()
        for text, rows in wanted:
            distances = photos.distances(text)
            for library in libraries(dice, rows, len(distances), size):
                own, others = distances[library[0]], distances[library[1:]].max()
                limits = (relevance.limit(size), relevance.FITS)
                outcomes.append(tuple(bool(value >= limit) for limit in limits for value in (own, others)))
        shares = map(float, np.array(outcomes, float).mean(0).round(3))
        figures[str(size)] = dict(zip(("shown", "false", "shown_fixed", "false_fixed"), shares, strict=True))
    return figures


def unnamed_words(captions: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[int]]]:
    words = {word for texts in captions for text in texts for word in text.lower().split() if word.isalpha()}
    tree = label_tree.names()
    wanted = frozenset(word for word in words - _DULL if tree.find(word) is None)
    return [(request.text, sorted(request.photos)) for request in present.requests(captions, wanted, WORDS)]


def measure(split: str) -> dict[str, Any]:
    root = photo_sets.data_dir()
    labelled = photo_sets.everyday(root)
    captioned = [item for item in photo_sets.captions(root) if item["split"] == split]
    everyday = look_at(name for name, _ in labelled)
    flickr = look_at(f"flickr8k/images/{item['image']}" for item in captioned)
    captions = [item["captions"] for item in captioned]
    return {
        "everyday": of_everyday(everyday, [number for _, number in labelled]),
        "captions": by_limit(flickr, [(texts[0], [row]) for row, texts in enumerate(captions[:CAPTIONS])]),
        "words": by_limit(flickr, unnamed_words(captions)),
    }


def main() -> None:
    parser = command.parser("search.things", __doc__)
    parser.add_argument("--split", choices=("dev", "test"), default="test", help="of Flickr8k")
    options = parser.parse_args()
    command.print_figures(measure(options.split), options.json)


if __name__ == "__main__":
    main()
