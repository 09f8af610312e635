"""A small training set: drawn photos with captions and questions, and untrained text models on the published tower."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import BertTokenizerFast

from inference.engine.efficientnet.network import EfficientNetLite
from inference.lab.data import photo_sets, tokens
from inference.lab.halves import bundle
from inference.lab.halves.shape import Compact, Vocabulary


def _draw(file: Path, seed: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(blocks).resize((photo_sets.SIDE, photo_sets.SIDE), Image.Resampling.NEAREST).save(file)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """The data set folders: two photos of each split and set, DAQUAR with twelve training photos."""
    rows = [
        {"path": f"{split}/n0/{n}.png", "split": split, "label": n, "wnid": "n0", "name": "x"}
        for split in ("train", "val")
        for n in range(2)
    ]
    captions = [
        {
            "image": f"{split}{n}.png",
            "split": split,
            "captions": [
                "A black dog runs on the grass .",
                "Two dogs run on grass .",
                "Two dogs on the grass .",
                "A black dog .",
                "Dogs running .",
            ],
        }
        for split in ("train", "dev", "test", "extra")
        for n in range(2)
    ]
    people = [
        {"image": f"{split}{n:02d}.png", "question": f"what is left of object {n}", "answer": "garbage_bin", "split": split}
        for split, count in (("train", 12), ("test", 2))
        for n in range(count)
    ]
    names = [f"imagenette/images/{row['path']}" for row in rows] + [f"flickr8k/images/{c['image']}" for c in captions]
    everyday = [{"image": f"{n}.png", "class": n, "wordnet": "n0", "label": "x"} for n in range(2)]
    others = [f"daquar/images/{q['image']}" for q in people] + [f"everyday/images/{row['image']}" for row in everyday]
    for seed, name in enumerate([*names, *others]):
        _draw(tmp_path / name, seed)
    for photo_set, listing in (("imagenette", rows), ("everyday", everyday)):
        with (tmp_path / photo_set / "labels.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(listing[0]))
            writer.writeheader()
            writer.writerows(listing)
    (tmp_path / "flickr8k" / "captions.json").write_text(json.dumps(captions))
    (tmp_path / "daquar" / "qa.json").write_text(json.dumps(people))
    return tmp_path


@pytest.fixture(scope="session")
def network() -> EfficientNetLite:
    return bundle.network()


@pytest.fixture(scope="session")
def tokenizer() -> BertTokenizerFast:
    return tokens.learn(
        ["a black dog runs on the grass", "two dogs", "how many dogs are there?", "garbage bin", "what is left of it"] * 20
    )


@pytest.fixture
def model(tokenizer: BertTokenizerFast, network: EfficientNetLite) -> Compact:
    torch.manual_seed(0)
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    names = [f"name {n}" for n in range(1000)]
    return Compact(network, names, Vocabulary(len(tokenizer), 0, start, end)).eval()
