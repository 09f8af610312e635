"""The compact models' card, for programs (`card.json`) and for people (`compact.md`), from one set of figures."""

from typing import Any

VERSION = "1"
CONFIDENCE = {
    "classify": "softmax at the temperature",
    "caption": "geometric mean of the tokens' probabilities at the temperature",
    "vqa": "product of the answer tokens' probabilities, the end included, at the temperature",
}


def make(
    tasks: dict[str, Any], figures: dict[str, Any], latency: dict[str, float], run: dict[str, Any], digest: dict[str, str]
) -> dict[str, Any]:
    """What the catalogue reads. Accuracies are of held-out photos, as fractions; latencies in milliseconds on one core."""
    measured = {"classify": {"accuracy": figures["imagenette_top1"], "metric": "imagenette top-1"},
                "caption": {"accuracy": figures["flickr8k_bleu4"], "metric": "BLEU-4", "cider": figures["flickr8k_cider"]},
                "vqa": {"accuracy": figures["vqa_accuracy"], "metric": "exact answer", "question_only": figures["vqa_question_only"]}}  # fmt: skip
    merged = {
        task: {**measured[task], **tasks[task], "confidence": CONFIDENCE[task], "latency_ms": latency[task]}
        for task in measured
    }
    return {"profile": "compact", "version": VERSION, "digest": digest, "tasks": merged, "figures": figures, "run": run,
            "measured": "python -m inference.lab.tower.export, on held-out photos; see compact.md"}  # fmt: skip


def page(card: dict[str, Any]) -> str:
    figures, tasks, run = card["figures"], card["tasks"], card["run"]
    kinds = "\n".join(
        f"| … {kind} | {percent(one['accuracy'])} | {percent(one['question_only'])} | {one['n']} |"
        for kind, one in figures["vqa_kinds"].items()
    )
    bounds = "\n".join(
        f"| {name} | {one['temperature']} | {one['unsure_below']} | {one['confidence']} | {one['latency_ms']:.0f} ms |"
        for name, one in tasks.items()
    )
    return PAGE.format(**run, f=Shown(figures), kinds=kinds, bounds=bounds, photos=figures["imagenette_n"])


class Shown:
    """Figures by attribute: fractions as per cent, except for BLEU and CIDEr, which are told as they are."""

    def __init__(self, figures: dict[str, Any]) -> None:
        self.figures = figures

    def __getattr__(self, name: str) -> str:
        value = self.figures[name]
        return percent(value) if isinstance(value, float) and not name.startswith("flickr8k") else str(value)


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


PAGE = """# The compact models: what they can and cannot

One small residual network (a ResNet of nine blocks, 32 to 256 channels, 160 × 160 pixels) and two small text halves that read its
last two maps, for first contact, tests and small devices. They are **not** the large models of the `paper` profile and do not come near them.

## Figures on photos they never saw

| what | reached | question alone | photos or questions |
|---|---|---|---|
| Imagenette validation, top-1 among all 1000 ImageNet names | {f.imagenette_top1} | – | {f.imagenette_n} |
| … top-5 among all 1000 | {f.imagenette_top5} | – | {f.imagenette_n} |
| … top-1 among its own ten, as that set is commonly scored | {f.imagenette_top1_of_ten} | – | {f.imagenette_n} |
| Flickr8k test captions, BLEU-4 | {f.flickr8k_bleu4} | – | {f.flickr8k_n} |
| Flickr8k test captions, CIDEr-D | {f.flickr8k_cider} | – | {f.flickr8k_n} |
| Made-up questions on Flickr8k test, exact answer | {f.vqa_accuracy} | {f.vqa_question_only} | {f.vqa_n} |
{kinds}
| DAQUAR test (people's questions about rooms), exact answer | {f.daquar_accuracy} | {f.daquar_question_only} | {f.daquar_n} |

"Question alone" is the better of two guessers that never see the photo: the commonest training answer to the same
words, and a linear model over words and word pairs. What a model has above it, it has from the photo.

For comparison, the reference study reports for the large models on its own data: classification 84.02 %, captions
BLEU 39.58 (0.396 on the scale above), questions 78.22 %. Those are other models on other photos: the rows above do not compete with them.

## Confidence

| task | temperature | unsure below | how it is computed | one core, median |
|---|---|---|---|---|
{bounds}

Temperatures are fitted on held-out photos: Flickr8k dev, a tenth of DAQUAR's training photos, and, as Imagenette has no
third split, every second of its validation photos (a temperature cannot change which name comes first). The bound for
captions is the least sure 15 % of dev captions, since a caption has no single right answer.

## Data

* Imagenette (5,200 training photos of ten classes), Flickr8k (5,997 photos with five captions each, and 94 photos outside
  the official splits for the tower alone), DAQUAR (716 of its 795 training photos, with people's questions). All at 160 pixels.
* CIFAR-10's 50,000 training photos, enlarged from 32 pixels, as ten groups of ImageNet names (a frog is any of three frogs).
* 16 random crops of each of the 12,005 photos of the other sets, six close and ten nearly whole, shown to MobileNetV2
  (google-coral/test_data, Apache-2.0; 76 % on Imagenette validation): its class probabilities and its last feature map,
  in 64 principal directions, are learned from. Every ImageNet name outside Imagenette's ten comes from there and from CIFAR-10's groups.
* Questions made from the captions after the method of COCO-QA: object, number, colour, place, yes/no, with answers balanced.
* Never seen in training: Imagenette validation, CIFAR-10's test batch, Flickr8k dev and test, DAQUAR test and a tenth of its training photos.

## Recipe, as it was run for these weights

On one processor core, seed 1 (2 in the last sitting), single precision, AdamW (decay 0.05), warm-up over 3 % and a cosine to zero in each, gradient norm at most 1:

* `train`: {last_steps} steps of 48 photos in {last_minutes} minutes (rate 0.0015). Photos have 96 pixels for the first half of the time, 128 until 80 %, then 160. All
  sixteen crops of a photo in turn, then mirrored. In two steps of three, for the tower alone, 60 % of the photos have a rectangle of another photo in them (CutMix)
  and four CIFAR-10 photos stand beside; in the third, after a quarter of the time, photos are whole and have captions and questions.
* `heads`: {heads_steps} steps in {heads_minutes} minutes. Only the text halves learn, on the tokens of three crops of each photo. In a first sitting of
  1257 steps (rate 0.0012) they read the last map alone: captions improved, but colours and numbers stayed below what the question alone gives. In two
  more (2173 steps at rate 0.0009, the rest at 0.0006 on other crops) they read the map before it too, with mostly made-up questions; a step has 64
  captions, 128 made-up questions, 32 of people's, and 16 of people's without their photo.

Left and right are exchanged in the questions of mirrored crops; brightness and contrast are up to 25 % off. Published: the moving average of the weights (0.998).
The loss of a photo is the sum of what is known of it: teacher classes, label (0.6 of both), feature map (weight 2), the share of
its captions that use each of 512 telling words (weight 20), captions and answers.
Tokenizer: 2,048 word pieces from the training captions, questions and answers.

## What was tried before

A vision transformer (192 wide, 6 blocks, patches of 20 pixels) trained on the same photos for 112 minutes on two cores named 67.7 % (74.4 % of the ten);
a second sitting of 150 minutes with CutMix and CIFAR-10 brought 69.2 % (74.0 %). With so few photos a convolution's prior is worth more than attention's freedom.

People's questions about rooms (DAQUAR) stay below what their words alone give. With four folds of its training photos, words in a linear model answer
19.2 %, words in a kernel regression 22.5 %, and with this tower's features beside them at best 22.7 %: of these rooms the tower sees next to nothing that
decides an answer. 360 more steps for the text halves (rate 0.001, dropout 0.1) brought the held-out tenth from 16.4 to 16.9 % and took two points of the
made-up questions.

## Limits

* Trained for less than three hours on one processor core, with real but modest skill.
* Captions speak Flickr8k's language: people, dogs, sport, outdoors. Food, text, screens, art, maps, X-rays, night scenes and
  crowds of small things were hardly or never shown; the answer then is a guess, and often a sure-sounding one.
* Questions: short ones about one thing, its colour, number, place or presence. No reading, no reasoning, no names, no counting above five or so.
* Flickr8k calls people "man", "woman", "boy", "girl" as its writers did; the models repeat their guesses and their bias.
* The photos are licensed for non-commercial research; they are not distributed here.
"""
