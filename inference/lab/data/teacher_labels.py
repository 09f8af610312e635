"""Soft labels and features of random crops by a small ImageNet teacher: `python -m inference.lab.data.teacher_labels --teacher FILE`.

Pass n labels crop n of every training photo and writes one file; run again, it goes on with the next missing pass, so
labelling and training can run side by side. Needs `ai-edge-litert`, which nothing else in the project needs.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from inference.lab.data import crops, photo_sets
from inference.lab.data.teacher import FEATURES, KEPT, Directions, Teacher

FITTED_ON = 400  # crops the principal directions are fitted on: 19,600 places


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="mobilenet_v2_imagenet.tflite")
    parser.add_argument("--out", type=Path, default=Path("var/training"))
    parser.add_argument("--passes", type=int, default=16)
    parser.add_argument("--every", type=int, default=1, help="label each n-th pass only, to share the work between processes")
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    photos = photo_sets.load(options.out / "photos.npy")
    rows, teacher = photos.where("train"), Teacher(options.teacher)
    directions = _directions(photos, rows, teacher)
    for number in range(options.first, options.passes, options.every):
        file = options.out / f"labels-{number:02d}.npz"
        if not file.exists():
            _label(photos, rows, number, teacher, directions, file)


def _directions(photos: photo_sets.Photos, rows: NDArray[Any], teacher: Teacher) -> Directions:
    """Fitted on the same crops each time, so every pass speaks of the same directions."""
    sample = rows[:: max(1, len(rows) // FITTED_ON)]
    return Directions.fit(
        np.concatenate([teacher(photos.pixels[row])[2] for row in tqdm(sample, desc="directions", mininterval=5)])
    )


def _label(
    photos: photo_sets.Photos, rows: NDArray[Any], number: int, teacher: Teacher, directions: Directions, file: Path
) -> None:
    ids = np.zeros((len(rows), KEPT), np.int16)
    probabilities = np.zeros((len(rows), KEPT), np.float16)
    features = np.zeros((len(rows), 49, FEATURES), np.int8)
    for place, row in enumerate(tqdm(rows, desc=f"pass {number}", mininterval=10)):
        box, flip = crops.draw(int(row), number)
        ids[place], probabilities[place], raw = teacher(crops.cut(photos.pixels[row], box, flip))
        features[place] = directions.pack(raw)
    part = file.with_suffix(".part.npz")
    np.savez(part, rows=rows, ids=ids, probabilities=probabilities, features=features)
    part.replace(file)


if __name__ == "__main__":
    main()
