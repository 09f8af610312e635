"""Turn a trained reader into the files that the planner reads: `python -m inference.lab.reader.export`.

Matrices become int8 with a scale for each row, everything else float16.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from safetensors.torch import load_file

from inference.lab.reader.train import package_folder
from inference.planning.reader.reader import FOLDER


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("var/training/reader"), help="the folder of the checkpoint")
    parser.add_argument("--to", type=Path, default=FOLDER)
    options = parser.parse_args()
    export(options.run / "checkpoint.pt", options.to)


def export(checkpoint: Path, folder: Path) -> None:
    package = package_folder()
    state = torch.load(checkpoint, weights_only=True)
    table = load_file(package / "model.safetensors")["embeddings.word_embeddings.weight"].numpy()
    weights = dict[str, NDArray[np.generic]]()
    for name, value in [*state["network"].items(), ("pieces.weight", torch.from_numpy(table))]:
        weights |= _compact(name, value.numpy())
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "reader.safetensors")
    (folder / "vocabulary.json").write_text(json.dumps(state["vocabulary"], ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.copyfile(package / "vocab.txt", folder / "pieces.txt")


def _compact(name: str, value: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    if value.ndim != 2:
        return {name: value.astype(np.float16)}
    scale = np.maximum(np.abs(value).max(1, keepdims=True) / 127, 1e-8)
    return {name: np.round(value / scale).astype(np.int8), f"{name}.scale": scale[:, 0].astype(np.float32)}


if __name__ == "__main__":
    main()
