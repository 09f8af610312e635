"""Train the layer that tells indoors from outdoors: `python -m inference.lab.halves.scenes`.

Needs the photos' means (`python -m inference.lab.search.photos`). A photo of Flickr8k is taken to be outdoors or indoors where
two of its captions have a word that says so and none a word that says otherwise; DAQUAR's photos are all indoors. Writes
inference/engine/weights/scenes.safetensors and prints how many of the held-out photos are told right. A minute on one core.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

from inference.engine import towers
from inference.engine.mean_token import scenes
from inference.engine.towers import EfficientNetTower
from inference.lab.data import photo_sets
from inference.lab.halves import bundle
from inference.lab.search import photos

LEAST = 2  # captions that say so
STRENGTH = 0.003  # of the regression, as scikit-learn's C
_OUT_WORDS = (
    "outside outdoors outdoor beach snow snowy grass grassy field street mountain river lake ocean sea park forest woods "
    "sidewalk road sand sandy yard lawn cliff hill trail desert meadow creek stream waves surf garden"
)
_IN_WORDS = (
    "inside indoors indoor room kitchen couch sofa bed bedroom office restaurant bathroom gym carpet classroom store bar "
    "hallway crib ceiling desk recliner gymnasium"
)
_OUT, _IN = frozenset(_OUT_WORDS.split()), frozenset(_IN_WORDS.split())


def label(captions: Sequence[str]) -> int | None:
    """1 outdoors, 0 indoors, None where the captions do not say."""
    words = [set(re.findall(r"[a-z]+", caption.lower())) for caption in captions]
    outside, inside = (sum(bool(one & place) for one in words) for place in (_OUT, _IN))
    if outside >= LEAST and not inside:
        return 1
    return 0 if inside >= LEAST and not outside else None


def labelled(split: str, view: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    items = [one for one in photo_sets.captions(photo_sets.data_dir()) if one["split"] == split]
    labels = [label(one["captions"]) for one in items]
    rows = [row for row, value in enumerate(labels) if value is not None]
    means = photos.means(photos.FOLDER, split, view)[rows]
    return means, np.array([labels[row] for row in rows], np.int64)


def main() -> None:
    parts = [labelled("train", view) for view in range(photos.VIEWS["train"])]
    indoors = photos.means(photos.FOLDER, "daquar", 0)
    held_out = indoors[::5]
    training = np.delete(indoors, np.s_[::5], 0)
    values = np.concatenate([*(means for means, _ in parts), training])
    answers = np.concatenate([*(labels for _, labels in parts), np.zeros(len(training), np.int64)])
    deviation = values.std(0) + 1e-3
    model = LogisticRegression(C=STRENGTH, max_iter=400, class_weight="balanced").fit(values / deviation, answers)
    weight = (model.coef_[0] / deviation).astype(np.float32)
    bias = np.array([model.intercept_[0]], np.float32)
    for name, (means, labels) in {"dev": labelled("dev", 0), "test": labelled("test", 0)}.items():
        right = ((means @ weight + bias[0]) > 0) == labels
        print(
            f"{name}: {len(labels)} photos, outdoors {right[labels == 1].mean():.3f}, indoors {right[labels == 0].mean():.3f}"
        )
    print(f"DAQUAR, held out: {len(held_out)} photos, indoors {((held_out @ weight + bias[0]) <= 0).mean():.3f}")
    tower = EfficientNetTower(bundle.network(), photo_sets.SIDE)
    metadata = {"tower": towers.digest(tower.weights).hex()}
    save_file({"weight": weight.astype(np.float16), "bias": bias}, scenes.FILE, metadata)


if __name__ == "__main__":
    main()
