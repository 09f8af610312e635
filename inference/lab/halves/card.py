"""The compact models' card for programs (`card.json`) and for people (`compact.md`), from one set of figures."""

from collections.abc import Mapping
from typing import Any

from inference.engine.doubt import FLAT_FROM, GUESS_FROM, PROBABLE_FROM
from inference.lab.halves.shape import DROPOUT
from inference.lab.measures.metrics import TASK_METRICS

VERSION = "2"
CONFIDENCE = {
    "classify": "softmax at the temperature",
    "caption": "geometric mean of the token probabilities at the temperature",
    "vqa": "product of the answer's token probabilities at the temperature, the end token included",
}


def make(
    tasks: Mapping[str, Mapping[str, Any]],
    figures: Mapping[str, Any],
    latency: Mapping[str, float],
    run: Mapping[str, float],
    digest: Mapping[str, str],
    tower: Mapping[str, str],
) -> dict[str, Any]:
    """What the catalogue reads: accuracies on held-out photos as fractions, latencies in milliseconds on one core."""
    further = {
        "classify": {},
        "caption": {"cider": figures["flickr8k_cider"]},
        "vqa": {"question_only": figures["vqa_question_only"]},
    }
    measured = {
        task: {"accuracy": figures[metric.name], "metric": metric.label, **further[task]}
        for task, metric in TASK_METRICS.items()
    }
    merged = {
        task: {**measured[task], **tasks[task], "confidence": CONFIDENCE[task], "latency_ms": latency[task]}
        for task in measured
    }
    return {"profile": "compact", "version": VERSION, "tower": tower, "digest": digest, "tasks": merged, "figures": figures,
            "run": run, "measured": "python -m inference.lab.halves.export, on held-out photos; see compact.md"}  # fmt: skip


def page(card: Mapping[str, Any]) -> str:
    figures, tasks, run = card["figures"], card["tasks"], card["run"]
    kinds = "\n".join(
        f"| … {kind} | {percent(row['accuracy'])} | {percent(row['question_only'])} | {row['n']} |"
        for kind, row in figures["vqa_kinds"].items()
    )
    bounds = "\n".join(
        f"| {name} | {row['temperature']} | {row['confidence']} | {row['latency_ms']:.0f} ms |" for name, row in tasks.items()
    )
    tuned, further = (
        text.format(steps=run[f"{half}_tuned_steps"], minutes=run[f"{half}_tuned_minutes"])
        if f"{half}_tuned_steps" in run
        else ""
        for half, text in (("caption", TUNED_CAPTIONS), ("vqa", TUNED_ANSWERS))
    )
    return PAGE.format(
        **run,
        tower=card["tower"],
        tuned=tuned,
        further=further,
        dropout=DROPOUT,
        flat=100 * FLAT_FROM,
        probable=100 * PROBABLE_FROM,
        guess=100 * GUESS_FROM,
        f=FormattedFigures(figures),
        kinds=kinds,
        bounds=bounds,
    )


class FormattedFigures:
    """Figures as attributes for the template: fractions as percentages, BLEU and CIDEr unchanged."""

    def __init__(self, figures: Mapping[str, Any]) -> None:
        self.figures = figures

    def __getattr__(self, name: str) -> str:
        value = self.figures[name]
        return percent(value) if isinstance(value, float) and not name.startswith("flickr8k") else str(value)


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


PAGE = """# The compact models: abilities and limits

One pretrained network for all tasks (EfficientNet-Lite2, 256 × 256 pixels, trained on ImageNet's 1000 classes by others:
`{tower[package]}`, {tower[licence]}, used unchanged) and two small text models of ours on its last two feature maps. They answer
on one processor core in a fraction of a second. They are **not** the large models of the `paper` profile and are less accurate.

## Accuracy on held-out photos

| metric | accuracy | question alone | photos or questions |
|---|---|---|---|
| 500 everyday photos, one for every second class of ImageNet, top-1 of all 1000 names (see the note) | {f.everyday_top1} | – | {f.everyday_n} |
| … top-5 | {f.everyday_top5} | – | {f.everyday_n} |
| Imagenette validation (ten of ImageNet's classes, photos of 160 pixels), top-1 of all 1000 names | {f.imagenette_top1} | – | {f.imagenette_n} |
| … top-5 | {f.imagenette_top5} | – | {f.imagenette_n} |
| … top-1 of its own ten, as that set is commonly scored | {f.imagenette_top1_of_ten} | – | {f.imagenette_n} |
| Flickr8k test captions, BLEU-4 | {f.flickr8k_bleu4} | – | {f.flickr8k_n} |
| Flickr8k test captions, CIDEr-D | {f.flickr8k_cider} | – | {f.flickr8k_n} |
| Questions generated from Flickr8k test captions, exact answer | {f.vqa_accuracy} | {f.vqa_question_only} | {f.vqa_n} |
{kinds}
| DAQUAR test (people's questions about rooms), exact answer | {f.daquar_accuracy} | {f.daquar_question_only} | {f.daquar_n} |

The everyday photos were probably part of ImageNet's training set, so the network scores higher on them than on new photos; the
published top-1 of the same weights on ImageNet's validation photos is 77.6 % at 260 pixels.

"Question alone" is the better of two baselines without the photo: the most frequent training answer to the same words, and
a linear model over words and word pairs. Accuracy above it comes from the photo.

For comparison, the reference study reports for the large models on its own data: classification 84.02 %, captions
BLEU 39.58 (0.396 on the scale above), questions 78.22 %. Those are other models on other photos and cannot be compared with the rows above.

## Confidence

| task | temperature | its probability | median on one core |
|---|---|---|---|
{bounds}

Temperatures are fitted on held-out photos: Flickr8k dev, a tenth of DAQUAR's training photos, and, as Imagenette has no
third split, every second of its validation photos (a temperature does not change the top-1 label). What a probability is worth
as a confidence is fitted for all tasks alike on photos unlike the training ones (`inference.lab.measures.confidence`): everyday
photos, DAQUAR, noise, one colour and drawings. From {flat:.0f} % on an answer is stated, from {probable:.0f} % it is called probable,
from {guess:.0f} % a guess; below that the answer is “I cannot tell”.

## Data

* The tower: ImageNet, by the package's authors. Nothing of it was trained here.
* Captions: Flickr8k's 5,997 training photos with five captions each, stored as squares of 160 pixels.
* Questions: generated from those captions by the method of COCO-QA (object, number, colour, place, yes/no) and, by the same
  means, either/or; and DAQUAR, 716 of its 795 training photos with people's questions.
* The feature code: photos of Flickr8k's, DAQUAR's and Imagenette's training parts, without their labels.
* Held out from our training: Imagenette's validation and all everyday photos, Flickr8k dev and test, DAQUAR test and a tenth of its training
  photos. The tower's authors probably trained on the everyday photos and on Imagenette's.

## Training recipe of these weights

Two processor cores, seed 1, single precision, AdamW (weight decay 0.05), warm-up over 3 % and a cosine to zero, gradient norm
clipped at 1, dropout {dropout}, published: the moving average of the weights (0.998). The tower is frozen; its features of three
views of each photo (whole, mirrored, a random crop) are computed once.

* `features`, then `captioner`: {caption_steps} steps of 24 photos with their five captions in {caption_minutes} minutes (rate 0.001, label smoothing 0.1).{tuned}
* `answerer`: {vqa_steps} steps in {vqa_minutes} minutes (rate 0.001), four questions each about 48 photos with generated and 10 with people's questions;
  in every fourth step people's questions come without their photo. Left and right are exchanged in questions about mirrored photos.{further}

A tenth of the places is hidden from the adapter in training. Tokenizer: 4,096 word pieces from the training captions, questions and answers.

## Left out

* A pretrained language model (SmolLM2-135M) as the text half: at its shape, in single precision on one core, 80 tokens of a photo and a question
  take 344 ms and each further word 50 ms, so a description takes about a second. At most 200 ms were allowed. It was not trained.

## Limits

* Names: ImageNet's thousand. It has 118 kinds of dog and no person, no giraffe, no horse by that name (a sorrel is one).
* Captions cover the subjects of Flickr8k: people, dogs, sport, outdoors. Food, text, screens, art, maps, X-rays, night scenes and
  crowds of small things were rare or absent in training; the caption then is a guess.
* Questions: short ones about one thing, its colour, number, place or presence. No reasoning, no names of people, no counting above about five.
* Flickr8k's annotators describe people as "man", "woman", "boy", "girl"; the models repeat their guesses and their bias.
* A photo is squeezed to a square, so long panoramas lose detail.
* Flickr8k, Imagenette and DAQUAR are licensed for research; their photos are not distributed here.
"""

TUNED_CAPTIONS = """
  Then `self_critical`: {steps} steps on CIDEr-D itself in {minutes} minutes (rate 0.0001, five samples for each of 16 photos)."""

TUNED_ANSWERS = """
  Then `answerer --tune`: {steps} steps in {minutes} minutes (rate 0.0003), kinds of questions drawn by the square root of their number."""
