"""From a checkpoint to the bundled weights and their card: `python -m inference.lab.tower.export`.

Writes the moving average of the weights, reads it back, calibrates it, measures it on held-out photos and writes
`card.json` and `compact.md`. `--quick` measures on a sample: for a first look, not for published figures.
"""

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import BertTokenizerFast

from inference.lab.data import photo_sets, tokens
from inference.lab.measures.measure import HeldOut, answer, caption, classify, latency
from inference.lab.tower import bundle, card
from inference.lab.tower.calibrate import calibrate
from inference.lab.tower.shape import Compact, Vocabulary

TASKS = ("classify", "caption", "vqa")
QUICK = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("var/training"), help="the folder that training wrote")
    parser.add_argument("--out", type=Path, default=Path("inference/engine/weights/compact"), help="where to write the models")
    parser.add_argument("--names", type=Path, default=Path("inference/lab/data/imagenet_names.txt"), help="1000 class names")
    parser.add_argument("--quick", action="store_true", help="measure on a sample")
    options = parser.parse_args()
    checkpoint = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    bundle.save(*_averaged(checkpoint, options.run, options.names), options.out)
    model, tokenizer = bundle.load(options.out)  # measured as written, after half precision
    photos = HeldOut(photo_sets.data_dir(), QUICK if options.quick else None)
    tasks = calibrate(model, tokenizer, photos)
    figures = {**classify(model, photos), **caption(model, tokenizer, photos), **answer(model, tokenizer, photos)}
    run = {
        **_duration("before", checkpoint.get("before", (0, 0.0))),
        **_duration("last", (checkpoint["step"], checkpoint["seconds"])),
        **_duration("heads", checkpoint.get("heads", (0, 0.0))),
    }
    document = card.make(tasks, figures, latency(model, tokenizer), run, digests(options.out)) | _code_entries(options.out)
    (options.out / "card.json").write_text(json.dumps(document, indent=1) + "\n")
    (options.out.parent / "compact.md").write_text(card.page(document))


def _duration(name: str, run: tuple[int, float]) -> dict[str, float]:
    return {f"{name}_steps": run[0], f"{name}_minutes": round(run[1] / 60, 1)}


def _averaged(checkpoint: Mapping[str, Any], run: Path, names: Path) -> tuple[Compact, BertTokenizerFast]:
    tokenizer = BertTokenizerFast.from_pretrained(run / "tokenizer")
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    model = Compact(names.read_text().splitlines(), Vocabulary(len(tokenizer), 0, start, end))
    model.load_state_dict(checkpoint["average"])
    return model, tokenizer


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each weight file, so that a damaged file is reported instead of giving nonsense answers."""
    return {
        f"{task}/model.safetensors": hashlib.sha256((folder / task / "model.safetensors").read_bytes()).hexdigest()
        for task in TASKS
    }


def _code_entries(folder: Path) -> dict[str, Any]:
    """The entries that the feature code's training wrote, if they belong to this tower; for another they would be wrong."""
    file, current = folder / "card.json", digests(folder)
    earlier = json.loads(file.read_text()) if file.exists() else {}
    if earlier.get("digest", {}).get("classify/model.safetensors") != current["classify/model.safetensors"]:
        return {"code": {"split_points": [], "levels": {}}, "photo": []}
    return {
        "code": earlier["code"],
        "photo": earlier["photo"],
        "digest": earlier["digest"] | current,
        "rebuild": earlier.get("rebuild", []),
    }


if __name__ == "__main__":
    main()
