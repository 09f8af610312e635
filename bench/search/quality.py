"""What is found, on Flickr8k's test photos: the photo of a caption, the photos of a thing, and nothing where there is none."""

from typing import Any

import numpy as np

from inference.engine.mean_token import space
from inference.lab.data import photo_sets
from inference.lab.search import photos
from inference.lab.search.present import nothing, units
from inference.lab.search.recall import recall
from inference.search.text import bundled_text

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
