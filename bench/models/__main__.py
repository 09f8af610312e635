"""The bundled models on held-out photos: `python -m bench.models [--quick] [--json] [--gallery] [--questions]`.

imagenette_top1       top-1 over all 1000 ImageNet names, on Imagenette validation photos (which show ten of the classes)
everyday_top1, top5   the same on 500 photos, one for every second class; they were probably part of ImageNet's training set, so
                      a network trained there scores higher on them than on new photos
flickr8k_bleu4/cider  captions of the Flickr8k test photos against their five references (BLEU-4; CIDEr-D)
vqa_accuracy          exact answers to questions generated from Flickr8k test captions; vqa_question_only: without the photo
daquar_accuracy       exact answers to DAQUAR's test questions; daquar_question_only: without the photo
people                questions as people ask them, with judged answers (bench/models/people/README.md):
  helpful             right, sensible or honestly declined
  flat_right          right, of what was stated without reservation; on the held-out photos alone
  right_kind          yes or no, a number, a colour, one of two, of the answers where that was asked for
  by_kind, …          the same by kind of question and by source of the photos, and the verdicts by degree of doubt
latency_ms_p50        the slowest task on one core, from pixels to answer, median; `latency_ms` has each
weights_mb            everything the profile needs on disk, in megabytes of 1,000,000 bytes

NAME_ci is the 95 % interval: Wilson's for shares, a bootstrap over photos for captions. `everyday` and `people` go through the
product's own code (planner, engine, sentence) and so are of the bundled models, whatever --weights says.

Reads the data sets from ISTHMUS_DATA (default var/data). `--quick` samples each set and stays under a minute.
`--gallery` prints what the models answer about ordinary photos, `--questions` each of people's questions with its answer
and verdict.
"""

from pathlib import Path
from typing import Any

from rich.console import Console
from transformers.utils import logging

from bench.harness import command
from bench.models import product
from bench.models.gallery import show
from bench.models.measurement import WEIGHTS, measure
from bench.models.people import report
from bench.models.people.score import score
from inference.lab.data import photo_sets
from inference.lab.halves import bundle
from inference.lab.measures import metrics


def main() -> None:
    parser = command.parser("models", __doc__)
    parser.add_argument("--quick", action="store_true", help="a sample of each data set, under a minute")
    parser.add_argument("--gallery", action="store_true", help="print answers about ordinary photos instead of measuring")
    parser.add_argument("--questions", action="store_true", help="print each of people's questions with its judged answer")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="the models' folder (default: the bundled ones)")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    console = Console(highlight=False)
    if options.gallery:
        show(console)
        return
    figures = _questions(options.quick) if options.questions else _everything(options.quick, options.weights)
    for name, value in figures.items():
        if name != "people":
            console.print(f"{name:24} {value}  {metrics.describe(name)}".rstrip(), soft_wrap=True)
    for line in report.table(figures["people"]):
        console.print(line, soft_wrap=True)
    if options.json:
        command.print_json(figures)


def _everything(quick: bool, weights: Path) -> dict[str, Any]:
    model, tokenizer = bundle.load(photo_sets.require(weights))
    return {**measure(model, tokenizer, quick, weights), **product.measure(product.load(), quick)}


def _questions(quick: bool) -> dict[str, Any]:
    answers = product.ask(product.load(), quick)
    for line in report.lines(answers):
        print(line)
    return {"people": score(answers)}


if __name__ == "__main__":
    main()
