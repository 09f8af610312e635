"""From a checkpoint to the bundled weights and their card: `python -m inference.lab.tower.export`.

Writes the moving average of the weights, reads it back, calibrates it, measures it on held-out photos and writes
`card.json` and `compact.md`. `--quick` measures on a sample: for a first look, not for a figure anybody is told.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from transformers import BertTokenizerFast

from inference.lab.data import photo_sets, tokens
from inference.lab.measures.measure import Held, answer, caption, classify, latency
from inference.lab.tower import bundle, card
from inference.lab.tower.calibrate import calibrate
from inference.lab.tower.shape import Compact, Vocabulary

TASKS = ("classify", "caption", "vqa")
QUICK = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("var/training"), help="the folder that training wrote")
    parser.add_argument("--out", type=Path, default=Path("inference/engine/weights/compact"))
    parser.add_argument("--names", type=Path, default=Path("inference/lab/data/imagenet_names.txt"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    held = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    bundle.save(*_averaged(held, options.run, options.names), options.out)
    model, tokenizer = bundle.load(options.out)  # measured as it was written, in half precision and back
    photos = Held(photo_sets.data_dir(), QUICK if options.quick else None)
    tasks = calibrate(model, tokenizer, photos)
    figures = {**classify(model, photos), **caption(model, tokenizer, photos), **answer(model, tokenizer, photos)}
    run = { **_told("before", held.get("before", (0, 0.0))), **_told("last", (held["step"], held["seconds"])),
           **_told("heads", held.get("heads", (0, 0.0)))}  # fmt: skip
    written = card.make(tasks, figures, latency(model, tokenizer), run, digests(options.out)) | _kept(options.out)
    (options.out / "card.json").write_text(json.dumps(written, indent=1) + "\n")
    (options.out.parent / "compact.md").write_text(card.page(written))


def _told(name: str, run: tuple[int, float]) -> dict[str, float]:
    return {f"{name}_steps": run[0], f"{name}_minutes": round(run[1] / 60, 1)}


def _averaged(held: dict[str, Any], run: Path, names: Path) -> tuple[Compact, BertTokenizerFast]:
    tokenizer = BertTokenizerFast.from_pretrained(run / "tokenizer")
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    model = Compact(names.read_text().splitlines(), Vocabulary(len(tokenizer), 0, start, end))
    model.load_state_dict(held["average"])
    return model, tokenizer


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each weight file, so that damage is named and not met as nonsense answers."""
    return {
        f"{task}/model.safetensors": hashlib.sha256((folder / task / "model.safetensors").read_bytes()).hexdigest()
        for task in TASKS
    }


def _kept(folder: Path) -> dict[str, Any]:
    """What the feature code's own training wrote, if it was for this very tower; for another it would be untrue."""
    file, now = folder / "card.json", digests(folder)
    old = json.loads(file.read_text()) if file.exists() else {}
    if old.get("digest", {}).get("classify/model.safetensors") != now["classify/model.safetensors"]:
        return {"code": {"split_points": [], "levels": {}}, "photo": []}
    return {"code": old["code"], "photo": old["photo"], "digest": old["digest"] | now, "rebuild": old.get("rebuild", [])}


if __name__ == "__main__":
    main()
