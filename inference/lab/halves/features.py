"""The frozen tower's two maps of every photo, computed once: `python -m inference.lab.halves.features`.

For each split and view, `<split>-<view>.head.npy` has the last map (uint8, as ReLU6 bounds it to 0…6) and
`<split>-<view>.fine.npy` the finer one (half precision). A stopped run goes on with the first missing file. Three views of
Flickr8k's and DAQUAR's training photos take about 15 minutes on one core and 3.5 GB.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from inference.engine.towers import EfficientNetTower
from inference.lab.data import crops, photo_sets
from inference.lab.halves import bundle

SPLITS = ("train", "dev", "daquar")
BATCH, TOP = 16, 6.0
STEP = TOP / 255  # of the quantised last map


def names(root: Path, split: str) -> list[str]:
    """Photos of a Flickr8k split, or every photo of DAQUAR."""
    if split == "daquar":
        return [f"daquar/images/{name}" for name in sorted(photo_sets.daquar_splits(root))]
    return [f"flickr8k/images/{item['image']}" for item in photo_sets.captions(root) if item["split"] == split]


class Features:
    """Read from disk as needed. `views` grows while more are computed: call `refresh`."""

    def __init__(self, folder: Path, root: Path, split: str) -> None:
        self.folder, self.split = folder, split
        self.place = {name: row for row, name in enumerate(names(root, split))}
        self.refresh()

    def refresh(self) -> None:
        files = sorted(self.folder.glob(f"{self.split}-[0-9].head.npy"))
        if not files:
            raise SystemExit(f"{self.folder} has no features: run `python -m inference.lab.halves.features` first.")
        self.views = [int(file.name.split("-")[1][0]) for file in files]
        self._maps = [(_mapped(file), _mapped(file.with_name(file.name.replace("head", "fine")))) for file in files]

    def __call__(self, rows: Sequence[int], views: Sequence[int]) -> Tensor:
        """Rows and places in `views` -> tokens [B, 1 + S² + 4S², 1280], as the tower gives them."""
        head = np.stack([self._maps[view][0][row] for row, view in zip(rows, views, strict=True)])
        fine = np.stack([self._maps[view][1][row] for row, view in zip(rows, views, strict=True)])
        places = torch.from_numpy(head).float().mul_(STEP)
        finer = torch.from_numpy(fine).float()
        finer = torch.nn.functional.pad(finer, (0, places.shape[-1] - finer.shape[-1]))
        return torch.cat([places.mean(1, keepdim=True), places, finer], 1)


def _mapped(file: Path) -> NDArray[np.generic]:
    array: NDArray[np.generic] = np.load(file, mmap_mode="r")
    return array


@torch.inference_mode()
def compute(tower: EfficientNetTower, root: Path, split: str, view: int, folder: Path) -> None:
    target = folder / f"{split}-{view}.head.npy"
    if target.exists():
        return
    heads, fines, photos = [], [], names(root, split)
    for at in tqdm(range(0, len(photos), BATCH), desc=f"{split}, view {view}", mininterval=10):
        pixels = [crops.cut(Image.open(root / name), crops.view(name, view)) for name in photos[at : at + BATCH]]
        tokens = tower.finish(tower.blocks(tower.embed(crops.batch(np.stack(pixels))), 0, tower.depth))
        heads.append((tokens[:, 1 : 1 + tower.places] / STEP).round().to(torch.uint8))
        fines.append(tokens[:, 1 + tower.places :, : tower.fine_width].half())
    np.save(target.with_name(target.name.replace("head", "fine")), torch.cat(fines).numpy())
    part = target.with_suffix(".part.npy")
    np.save(part, torch.cat(heads).numpy())
    part.replace(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=3, help="the whole photo, its mirror image, and random crops (default 3)")
    parser.add_argument("--run", type=Path, default=Path("var/training"), help="where to write")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    root, folder = photo_sets.data_dir(), options.run / "features"
    folder.mkdir(parents=True, exist_ok=True)
    tower = EfficientNetTower(bundle.network(), photo_sets.SIDE)
    for split in SPLITS:
        for view in range(options.views if split != "dev" else 1):
            compute(tower, root, split, view, folder)


if __name__ == "__main__":
    main()
