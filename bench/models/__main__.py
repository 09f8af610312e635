"""The bundled models on held-out photos: `python -m bench.models [--quick] [--json] [--gallery]`.

imagenette_top1       share of Imagenette validation photos whose first name among all 1000 ImageNet names is right
flickr8k_bleu4/cider  captions of the Flickr8k test photos against their five (BLEU-4; CIDEr-D)
vqa_accuracy          exact answers to questions made from Flickr8k test captions, beside the question alone
daquar_accuracy       exact answers to DAQUAR's test questions, beside the question alone
latency_ms_p50        the slowest task on one core, from pixels to answer, median; `latency_ms` has each
weights_mb            everything the profile needs on disk, in megabytes of 1,000,000 bytes

Reads the data sets from ISTHMUS_DATA (default var/data). `--quick` takes a sample of each set and stays under a minute.
`--gallery` prints what the models say about twelve ordinary photos.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from transformers import BertTokenizerFast
from transformers.utils import logging

from inference.engine import catalogue, runner
from inference.engine.answer import Answer
from inference.lab.data import photo_sets
from inference.lab.measures import measure
from inference.lab.tower import bundle
from inference.lab.tower.shape import Compact

QUICK = 120
WEIGHTS = Path("inference/engine/weights/compact")
GALLERY = 12
ASKED = ("what is in the photo?", "where was this photo taken?", "is there a person in the photo?")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--gallery", action="store_true")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    console = Console(highlight=False)
    if options.gallery:
        gallery(console)
        return
    model, tokenizer = bundle.load(photo_sets.require(options.weights))
    figures = run(model, tokenizer, options.quick, options.weights)
    for name, value in figures.items():
        console.print(f"{name:24} {value}")
    if options.json:
        # Not through the console, which would wrap the line.
        print(json.dumps(figures))


def run(model: Compact, tokenizer: BertTokenizerFast, quick: bool, weights: Path) -> dict[str, Any]:
    held = measure.Held(photo_sets.data_dir(), QUICK if quick else None)
    each = measure.latency(model, tokenizer, 10 if quick else 30)
    figures = {
        **measure.classify(model, held),
        **measure.caption(model, tokenizer, held),
        **measure.answer(model, tokenizer, held),
    }
    size = sum(file.stat().st_size for file in weights.rglob("*") if file.is_file())
    return {
        **figures,
        "latency_ms_p50": max(each.values()),
        "latency_ms": each,
        "weights_mb": round(size / 1e6, 2),
        "quick": quick,
    }


def gallery(console: Console) -> None:
    """Caption, three likeliest names and three answers for each of twelve photos, as the product gives them, to be judged by eye."""
    root, vision = photo_sets.data_dir() / "photos", runner.load(catalogue.profile("compact"))
    for item in json.loads(photo_sets.require(root / "photos.json").read_text())[:GALLERY]:
        image = Image.open(root / "images" / item["image"]).convert("RGB")
        names = vision.run_whole("classify", image, None)
        console.print(f"[bold]{item['image']}[/bold]  people say: {item['captions'][0]}")
        console.print(f"  caption  {_told(vision.run_whole('caption', image, None))}")
        console.print(f"  labels   {', '.join(f'{name} {100 * p:.0f} %' for name, p in names.top[:3])}{_doubt(names)}")
        for text in ASKED:
            console.print(f"  {text}  {_told(vision.run_whole('vqa', image, text))}")


def _told(answer: Answer) -> str:
    return f"{answer.text} ({100 * answer.confidence:.0f} %{_doubt(answer)})"


def _doubt(answer: Answer) -> str:
    return "" if answer.sure else ", not sure"


if __name__ == "__main__":
    main()
