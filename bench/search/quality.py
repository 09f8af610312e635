"""What is found, on Flickr8k's test photos: the photo of a caption, the photos of a thing, and nothing where there is none."""

from typing import Any

import numpy as np

from inference.engine import space
from inference.engine.questions import label_tree
from inference.lab.data import photo_sets
from inference.lab.search import photos
from inference.lab.search.present import requests
from inference.lab.search.recall import recall
from inference.search import relevance
from inference.search.text import bundled_text

THINGS = 150
PER_PHOTO = 5


def measure() -> dict[str, Any]:
    """Empty where the test photos are not there."""
    if not (photos.FOLDER / "test-0.npy").exists():
        return {}
    side, layer = bundled_text(), space.read()
    items = [one for one in photo_sets.captions(photo_sets.data_dir()) if one["split"] == "test"]
    vectors = units(layer, "test")
    texts = np.stack([side.unit(caption) for one in items for caption in one["captions"][:PER_PHOTO]])
    shares = recall(texts, vectors, PER_PHOTO)
    present, absent = nothing(vectors, [one["captions"] for one in items])
    return {"retrieval": {str(at): share for at, share in shares.items()}, "nothing": {"present": present, "absent": absent}}


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
    found = empty = 0
    wanted = requests(captions, nouns, THINGS)
    for request in wanted:
        vector = side.unit(request.text)
        scale = relevance.of(vector)
        distances = np.array([scale.distance(similarity) for similarity in vectors @ vector])
        best = int(distances.argmax())
        found += best in request.photos and distances[best] >= limit
        others = np.delete(distances, sorted(request.photos))
        empty += bool(others.max() < limit)
    return round(found / len(wanted), 4), round(empty / len(wanted), 4)
