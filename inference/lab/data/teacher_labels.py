"""Soft labels and features of random crops from a small ImageNet teacher: `python -m inference.lab.data.teacher_labels
--teacher FILE`.

Pass n labels crop n of every training photo and writes one file. A restarted run continues with the next missing pass, so
labelling and training can run in parallel. Needs `ai-edge-litert`, which nothing else in the project needs.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from inference.lab.data import crops, photo_sets
from inference.lab.data.teacher import CLASSES, FEATURES, PrincipalComponents, Teacher

FITTED_ON = 400  # crops for the principal components: 19,600 places


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=Path, required=True, help="mobilenet_v2_imagenet.tflite")
    parser.add_argument("--out", type=Path, default=Path("var/training"), help="where the label files are written")
    parser.add_argument("--passes", type=int, default=16, help="crops per photo (default 16)")
    parser.add_argument("--every", type=int, default=1, help="label every n-th pass only, to divide the work between processes")
    parser.add_argument("--first", type=int, default=0, help="first pass (default 0)")
    options = parser.parse_args()
    photos = photo_sets.load(options.out / "photos.npy")
    rows, teacher = photos.where("train"), Teacher(options.teacher)
    components = _components(photos, rows, teacher)
    for number in range(options.first, options.passes, options.every):
        file = options.out / f"labels-{number:02d}.npz"
        if not file.exists():
            _label(photos, rows, number, teacher, components, file)


def _components(photos: photo_sets.Photos, rows: NDArray[np.int64], teacher: Teacher) -> PrincipalComponents:
    """Fitted to the same crops each time, so that all passes share the components."""
    sample = rows[:: max(1, len(rows) // FITTED_ON)]
    return PrincipalComponents.fit(
        np.concatenate([teacher(photos.pixels[row])[2] for row in tqdm(sample, desc="principal components", mininterval=5)])
    )


def _label(
    photos: photo_sets.Photos,
    rows: NDArray[np.int64],
    number: int,
    teacher: Teacher,
    components: PrincipalComponents,
    file: Path,
) -> None:
    ids = np.zeros((len(rows), CLASSES), np.int16)
    probabilities = np.zeros((len(rows), CLASSES), np.float16)
    features = np.zeros((len(rows), 49, FEATURES), np.int8)
    for place, row in enumerate(tqdm(rows, desc=f"pass {number}", mininterval=10)):
        box, flip = crops.draw(int(row), number)
        ids[place], probabilities[place], raw = teacher(crops.cut(photos.pixels[row], box, flip))
        features[place] = components.pack(raw)
    part = file.with_suffix(".part.npz")
    np.savez(part, rows=rows, ids=ids, probabilities=probabilities, features=features)
    part.replace(file)


if __name__ == "__main__":
    main()
