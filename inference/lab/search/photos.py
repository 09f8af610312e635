"""The tower's mean token of photos, computed once: `python -m inference.lab.search.photos`.

For each split of Flickr8k, for DAQUAR, and for each view a file `<split>-<view>.npy`, [photos, 1280] in half precision. A
stopped run goes on with the first missing file. About 15 minutes on one core.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from inference.engine.towers import EfficientNetTower
from inference.lab.data import crops, photo_sets
from inference.lab.halves import bundle

FOLDER = Path("var/training/search")
VIEWS = {"train": 4, "dev": 1, "test": 1, "daquar": 1}  # the whole photo, its mirror image, and random crops
BATCH = 16


def names(root: Path, split: str) -> list[str]:
    if split == "daquar":
        return [f"daquar/images/{name}" for name in sorted(photo_sets.daquar_splits(root))]
    return [f"flickr8k/images/{item['image']}" for item in photo_sets.captions(root) if item["split"] == split]


def means(folder: Path, split: str, view: int) -> NDArray[np.float32]:
    """[photos, 1280]. Raises SystemExit where they have not been computed."""
    file = folder / f"{split}-{view}.npy"
    if not file.exists():
        raise SystemExit(f"{file} is missing: run `python -m inference.lab.search.photos` first.")
    values: NDArray[np.float32] = np.load(file).astype(np.float32)
    return values


@torch.inference_mode()
def compute(tower: EfficientNetTower, root: Path, split: str, view: int, folder: Path) -> None:
    target = folder / f"{split}-{view}.npy"
    photos = names(root, split)
    if target.exists() or not photos:
        return
    rows = []
    for at in tqdm(range(0, len(photos), BATCH), desc=f"{split}, view {view}", mininterval=10):
        pixels = [crops.cut(Image.open(root / name), crops.view(name, view)) for name in photos[at : at + BATCH]]
        tokens = tower.finish(tower.blocks(tower.embed(crops.batch(np.stack(pixels))), 0, tower.depth))
        rows.append(tokens[:, 0].half())
    part = target.with_suffix(".part.npy")
    np.save(part, torch.cat(rows).numpy())
    part.replace(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    FOLDER.mkdir(parents=True, exist_ok=True)
    tower = EfficientNetTower(bundle.network(), photo_sets.SIDE)
    root = photo_sets.data_dir()
    for view in range(max(VIEWS.values())):
        for split, views in VIEWS.items():
            if view < views:
                compute(tower, root, split, view, FOLDER)


if __name__ == "__main__":
    main()
