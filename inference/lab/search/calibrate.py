"""Where "nothing like that" begins: `python -m inference.lab.search.calibrate`.

Picks the photos of the background from Flickr8k's training photos, as different from each other as they come, and writes
inference/search/weights/background.safetensors. Then prints, on the development photos, for each limit the share of words for
things that some photo shows of which one is found, and of words for things that none shows of which nothing is.
"""

import numpy as np
from safetensors.numpy import save_file

from inference.engine.mean_token import space
from inference.lab.data import photo_sets
from inference.lab.search import photos
from inference.lab.search.present import nothing
from inference.search import relevance

COUNT, SEED = 512, 1
LIMITS = np.arange(2.0, 4.6, 0.2)


def main() -> None:
    layer = space.read()
    train = np.stack([np.frombuffer(row, np.int8) for row in layer.vectors(photos.means(photos.FOLDER, "train", 0))])
    rows = np.random.default_rng(SEED).choice(len(train), COUNT, replace=False)
    relevance.FILE.parent.mkdir(exist_ok=True)
    save_file({"vectors": np.ascontiguousarray(train[rows])}, relevance.FILE)
    relevance.background.cache_clear()
    items = [one for one in photo_sets.captions(photo_sets.data_dir()) if one["split"] == "dev"]
    vectors = np.stack([np.frombuffer(row, np.int8) for row in layer.vectors(photos.means(photos.FOLDER, "dev", 0))]).astype(
        np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for limit in LIMITS:
        present, absent = nothing(vectors, [one["captions"] for one in items], float(limit))
        print(f"limit {limit:.1f}: found {present:.3f}, nothing where there is none {absent:.3f}")


if __name__ == "__main__":
    main()
