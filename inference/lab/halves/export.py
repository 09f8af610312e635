"""From checkpoints to the bundled weights and their card: `python -m inference.lab.halves.export`.

Writes the moving averages of the weights, reads them back, calibrates and measures them on held-out photos and writes
`card.json` and `compact.md`. `--quick` measures on a sample: for a first look, not for published figures.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from transformers import BertTokenizerFast

from inference.engine.catalogue import sha256
from inference.engine.model_files import packaged, weights_file
from inference.engine.tasks import adapter
from inference.lab.data import photo_sets, tokens
from inference.lab.halves import bundle, card
from inference.lab.halves.calibrate import calibrate
from inference.lab.halves.shape import Compact, Vocabulary
from inference.lab.measures.measure import HeldOut, answer, caption, classify, everyday, latency

QUICK = 150
FILES = ("model.safetensors", adapter.FILE)  # of a text half
HALVES = ("caption", "vqa")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("var/training"), help="the folder that training wrote")
    parser.add_argument("--out", type=Path, default=Path("inference/engine/weights/compact"), help="where to write the models")
    parser.add_argument("--names", type=Path, default=Path("inference/lab/data/imagenet_names.txt"), help="1000 class names")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="measure on a sample")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    trained, tokenizer, run = _averaged(options.run, options.names)
    bundle.save(trained, tokenizer, options.out)
    model, tokenizer = bundle.load(options.out)  # measured as written, after half precision
    photos = HeldOut(photo_sets.data_dir(), QUICK if options.quick else None)
    tasks = calibrate(model, tokenizer, photos)
    figures = {
        **classify(model, photos),
        **everyday(model, photos),
        **caption(model, tokenizer, photos),
        **answer(model, tokenizer, photos),
    }
    document = card.make(tasks, figures, latency(model, tokenizer), run, digests(options.out), tower(options.out))
    document |= _code_entries(options.out, document)
    (options.out / "card.json").write_text(json.dumps(document, indent=1) + "\n")
    (options.out.parent / "compact.md").write_text(card.page(document))


def _averaged(run: Path, names: Path) -> tuple[Compact, BertTokenizerFast, dict[str, float]]:
    """The trained models, their vocabulary, and steps and minutes of each run."""
    tokenizer = BertTokenizerFast.from_pretrained(run / "tokenizer")
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    model = Compact(bundle.network(), names.read_text().splitlines(), Vocabulary(len(tokenizer), 0, start, end))
    durations: dict[str, float] = {}
    for name, half in (
        ("caption", model.caption),
        ("caption-tuned", model.caption),
        ("vqa", model.vqa),
        ("vqa-tuned", model.vqa),
    ):
        if (file := run / name / "checkpoint.pt").exists():
            saved = torch.load(file, map_location="cpu", weights_only=True)
            half.load_state_dict(saved["average"])
            key = name.replace("-", "_")
            durations |= {f"{key}_steps": saved["step"], f"{key}_minutes": round(saved["seconds"] / 60, 1)}
    return model, tokenizer, durations


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each weight file, so that a damaged file is reported instead of giving nonsense answers."""
    return {f"{task}/{name}": sha256(folder / task / name) for task in HALVES for name in FILES}


def tower(folder: Path) -> dict[str, str]:
    """The package of the tower's weights."""
    package = packaged(folder / "classify")
    if package is None:
        return {"sha256": sha256(weights_file(folder / "classify"))}
    return {"package": f"{package.name}=={package.version}", "sha256": package.sha256, "licence": package.licence}


def _code_entries(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    """The entries that the feature code's training wrote, if they belong to this tower; for another they would be wrong."""
    file = folder / "card.json"
    earlier = json.loads(file.read_text()) if file.exists() else {}
    if earlier.get("tower") != document["tower"]:
        return {"code": {"split_points": [], "levels": {}}, "photo": []}
    return {
        "code": earlier["code"],
        "photo": earlier["photo"],
        "digest": earlier["digest"] | document["digest"],
        "rebuild": earlier.get("rebuild", []),
    }


if __name__ == "__main__":
    main()
