"""The compact models' card for programs (`card.json`) and for people (`compact.md`), from one set of figures."""

from collections.abc import Mapping
from typing import Any

from inference.lab.measures.metrics import TASK_METRICS

VERSION = "1"
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
    return {"profile": "compact", "version": VERSION, "digest": digest, "tasks": merged, "figures": figures, "run": run,
            "measured": "python -m inference.lab.tower.export, on held-out photos; see compact.md"}  # fmt: skip


def page(card: Mapping[str, Any]) -> str:
    figures, tasks, run = card["figures"], card["tasks"], card["run"]
    kinds = "\n".join(
        f"| … {kind} | {percent(row['accuracy'])} | {percent(row['question_only'])} | {row['n']} |"
        for kind, row in figures["vqa_kinds"].items()
    )
    bounds = "\n".join(
        f"| {name} | {row['temperature']} | {row['unsure_below']} | {row['confidence']} | {row['latency_ms']:.0f} ms |"
        for name, row in tasks.items()
    )
    return PAGE.format(**run, f=FormattedFigures(figures), kinds=kinds, bounds=bounds, photos=figures["imagenette_n"])


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

One small residual network (a ResNet of nine blocks, 32 to 256 channels, 160 × 160 pixels) and two small text models on its
last two feature maps, for a first try, tests and small devices. They are **not** the large models of the `paper` profile and are far less accurate.

## Accuracy on held-out photos

| metric | accuracy | question alone | photos or questions |
|---|---|---|---|
| Imagenette validation (ten of ImageNet's classes), top-1 of all 1000 ImageNet names | {f.imagenette_top1} | – | {f.imagenette_n} |
| … top-5 of all 1000 | {f.imagenette_top5} | – | {f.imagenette_n} |
| … top-1 of its own ten, as that set is commonly scored | {f.imagenette_top1_of_ten} | – | {f.imagenette_n} |
| Flickr8k test captions, BLEU-4 | {f.flickr8k_bleu4} | – | {f.flickr8k_n} |
| Flickr8k test captions, CIDEr-D | {f.flickr8k_cider} | – | {f.flickr8k_n} |
| Questions generated from Flickr8k test captions, exact answer | {f.vqa_accuracy} | {f.vqa_question_only} | {f.vqa_n} |
{kinds}
| DAQUAR test (people's questions about rooms), exact answer | {f.daquar_accuracy} | {f.daquar_question_only} | {f.daquar_n} |

"Question alone" is the better of two baselines without the photo: the most frequent training answer to the same words, and
a linear model over words and word pairs. Accuracy above it comes from the photo.

For comparison, the reference study reports for the large models on its own data: classification 84.02 %, captions
BLEU 39.58 (0.396 on the scale above), questions 78.22 %. Those are other models on other photos and cannot be compared with the rows above.

## Confidence

| task | temperature | unsure below | confidence is | median on one core |
|---|---|---|---|---|
{bounds}

Temperatures are fitted on held-out photos: Flickr8k dev, a tenth of DAQUAR's training photos, and, as Imagenette has no
third split, every second of its validation photos (a temperature does not change the top-1 label). A name or
an answer counts as a guess below even odds; the bound for captions marks the least confident 15 % of dev captions, since a
caption has no single correct answer.

## Data

* Imagenette (5,200 training photos of ten classes), Flickr8k (5,997 photos with five captions each, and 94 photos outside
  the official splits for the tower alone), DAQUAR (716 of its 795 training photos, with people's questions). All at 160 pixels.
* CIFAR-10's 50,000 training photos, enlarged from 32 pixels, as ten groups of ImageNet names (a frog is any of three species).
* 16 random crops of each of the 12,005 photos of the other sets, six close and ten nearly whole, labelled by MobileNetV2
  (google-coral/test_data, Apache-2.0; 76 % on Imagenette validation): its class probabilities and its last feature map,
  in 64 principal components, are distilled. Every ImageNet name outside Imagenette's ten comes from that teacher and from CIFAR-10's groups.
* Questions generated from the captions by the method of COCO-QA: object, number, colour, place, yes/no, with balanced answers.
* Held out from training: Imagenette validation, CIFAR-10's test batch, Flickr8k dev and test, DAQUAR test and a tenth of its training photos.

## Training recipe of these weights

One processor core, seed 1 (2 in the last session), single precision, AdamW (weight decay 0.05), warm-up over 3 % and a cosine to zero in each session, gradient norm clipped at 1:

* `train`: {last_steps} steps of 48 photos in {last_minutes} minutes (rate 0.0015). Photos have 96 pixels for the first half of the time, 128 until 80 %, then 160. All
  sixteen crops of a photo in turn, then mirrored. Two of three steps train the tower alone: 60 % of the photos contain a rectangle of another photo (CutMix)
  and four CIFAR-10 photos are added; every third step, after a quarter of the time, uses unmixed photos with captions and questions.
* `heads`: {heads_steps} steps in {heads_minutes} minutes. The text models alone, on the frozen tower's tokens of three crops of each photo. In a first session of
  1257 steps (rate 0.0012) they used the last feature map alone: captions improved, but colours and numbers stayed below the question-only baseline. In two
  more (2173 steps at rate 0.0009, the rest at 0.0006 on other crops) they used the map before it too, with mostly generated questions; a step has 64
  captions, 128 generated questions, 32 of people's, and 16 of people's without their photo.

Left and right are exchanged in questions about mirrored crops; brightness and contrast vary by up to 25 %. Published: the moving average of the weights (0.998).
The loss of a photo is the sum over its targets: teacher classes, label (0.6 of both), feature map (weight 2), the share of
its captions that use each of 512 distinctive words (weight 20), captions and answers.
Tokenizer: 2,048 word pieces from the training captions, questions and answers.

## Alternatives tried

A vision transformer (192 wide, 6 blocks, patches of 20 pixels) trained on the same photos for 112 minutes on two cores reached a top-1 of 67.7 % (74.4 % of the ten);
a second session of 150 minutes with CutMix and CIFAR-10 reached 69.2 % (74.0 %). With so few photos, the inductive bias of convolutions outweighs the flexibility of attention.

People's questions about rooms (DAQUAR) stay below the question-only baseline. In four-fold cross-validation on its training photos, a linear model on words answers
19.2 %, kernel regression on words 22.5 %, and with this tower's features added at best 22.7 %: the tower captures almost nothing of these rooms that
decides an answer. 360 more steps for the text models (rate 0.001, dropout 0.1) raised the held-out tenth from 16.4 to 16.9 % and cost two points on the
generated questions.

## Limits

* Trained for less than three hours on one processor core, with real but modest accuracy.
* Captions cover the subjects of Flickr8k: people, dogs, sport, outdoors. Food, text, screens, art, maps, X-rays, night scenes and
  crowds of small things were rare or absent in training; the answer then is a guess, and often a confident one.
* Questions: short ones about one thing, its colour, number, place or presence. No reading, no reasoning, no names, no counting above about five.
* Flickr8k's annotators describe people as "man", "woman", "boy", "girl"; the models repeat their guesses and their bias.
* The photos are licensed for non-commercial research; they are not distributed here.
"""
