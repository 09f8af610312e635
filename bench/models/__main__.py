"""The bundled models on held-out photos: `python -m bench.models [--quick] [--json] [--gallery]`.

imagenette_top1       top-1 over all 1000 ImageNet names, on Imagenette validation photos (which show ten of the classes)
flickr8k_bleu4/cider  captions of the Flickr8k test photos against their five references (BLEU-4; CIDEr-D)
vqa_accuracy          exact answers to questions generated from Flickr8k test captions; vqa_question_only: without the photo
daquar_accuracy       exact answers to DAQUAR's test questions; daquar_question_only: without the photo
latency_ms_p50        the slowest task on one core, from pixels to answer, median; `latency_ms` has each
weights_mb            everything the profile needs on disk, in megabytes of 1,000,000 bytes

Reads the data sets from ISTHMUS_DATA (default var/data). `--quick` samples each set and stays under a minute.
`--gallery` prints what the models answer about twelve ordinary photos.
"""

from pathlib import Path

from rich.console import Console
from transformers.utils import logging

from bench.harness import command
from bench.models.gallery import show
from bench.models.measurement import WEIGHTS, measure
from inference.lab.data import photo_sets
from inference.lab.measures import metrics
from inference.lab.tower import bundle


def main() -> None:
    parser = command.parser("models", __doc__)
    parser.add_argument("--quick", action="store_true", help="a sample of each data set, under a minute")
    parser.add_argument("--gallery", action="store_true", help="print answers about twelve photos instead of measuring")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="the models' folder (default: the bundled ones)")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    console = Console(highlight=False)
    if options.gallery:
        show(console)
        return
    model, tokenizer = bundle.load(photo_sets.require(options.weights))
    figures = measure(model, tokenizer, options.quick, options.weights)
    for name, value in figures.items():
        console.print(f"{name:24} {value}  {metrics.describe(name)}".rstrip())
    if options.json:
        command.print_json(figures)


if __name__ == "__main__":
    main()
