"""Fits what the probability of an answer is worth as a confidence, and writes the scales into the card.

    python -m inference.lab.measures.confidence --photos 400

A logistic regression of "it was right" on the log odds of the answer, on those of the likeliest of ImageNet's classes and on
the kind of question, for each task. Fitted on photos unlike those that the text halves were trained on: `everyday` (names,
presence, alternatives, and whether a caption names the labelled thing), a tenth of DAQUAR's training photos, and pictures about
which every answer is wrong: noise, one colour, drawings. Questions about Flickr8k's dev photos, which the training photos
resemble, count a quarter. The questions of `bench.models` are asked of none of them: they test the scales.
"""

import argparse
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from inference.engine import catalogue, doubt
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.engine.doubt import Certainty, Scale
from inference.engine.questions import kinds
from inference.engine.questions.choice_table import QUESTIONS
from inference.engine.questions.kinds import Kind
from inference.engine.questions.label_tree import LabelTree
from inference.engine.tasks.wording import with_article
from inference.lab.data import odd_pictures, photo_sets
from inference.lab.data.questions import Question
from inference.lab.measures.choose_tasks import SEED, Models, everyday
from inference.lab.measures.measure import HeldOut, normalise

ODD = 80  # pictures about which every answer is wrong
FAMILIAR_WEIGHT = 0.25  # of a question about photos like the training ones
LEAST_OF_KIND = 60  # samples, for an offset of its own
UNANSWERABLE = ("what colour is the car?", "what is the man doing?", "how many people are there?", "where is this?")
TASKS = ("classify", "caption", "vqa")


@dataclass(frozen=True)
class Sample:
    task: str
    kind: str
    probability: float  # of the answer, unscaled
    recognised: float  # of the likeliest class
    is_right: bool
    weight: float = 1.0


class Asking:
    """The three tasks on one photo, with unscaled confidences."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def tokens(self, image: Image.Image) -> tuple[Tensor, float]:
        """-> the tower's tokens, and the probability of the likeliest class."""
        tokens = self.models.tokens(QUESTIONS, image)
        return tokens, float(self.models.classes.probabilities(tokens).max())

    def answer(self, task: str, tokens: Tensor, question: str = "") -> Answer:
        return self.models.parts[task].answer(tokens, question)

    def sample(self, task: str, photo: tuple[Tensor, float], question: str, right: Iterable[str]) -> Iterator[Sample]:
        """None where the thing that was asked about was not seen."""
        tokens, recognised = photo
        answer = self.answer(task, tokens, question)
        if not answer.absent:
            yield Sample(task, kind_of(question), answer.confidence, recognised, normalise(answer.text) in right)


def kind_of(question: str) -> str:
    return kinds.read(question).kind.value if question else Kind.NAME.value


def of_everyday(asking: Asking, root: Path, count: int) -> Iterator[Sample]:
    """One labelled thing in each photo."""
    tree, chance = asking.models.tree, random.Random(SEED)
    for shown in everyday(root, tree, count):
        assert shown.label is not None
        photo, names = asking.tokens(decode(shown.file)), right_names(tree, shown.label)
        yield from asking.sample("classify", photo, "", names)
        caption = asking.answer("caption", photo[0])
        yield Sample("caption", "", caption.confidence, photo[1], mentions(tree, caption.text, shown.label))
        asked = [(f"is there {with_article(word)}?", {"yes"}) for word in shown.there]
        asked += [(f"is there {with_article(word)}?", {"no"}) for word in shown.absent]
        for question, right in asked:
            yield from asking.sample("vqa", photo, question, right)
        named = []
        if wider := tree.wider(shown.label):
            named.append((f"what {wider[-1].name} is it?", names - {wider[-1].name}))
        if shown.there and shown.absent:
            pair = [shown.there[0], chance.choice(shown.absent)]
            chance.shuffle(pair)
            named.append((f"is it {' or '.join(map(with_article, pair))}?", {normalise(shown.there[0])}))
        for question, right in named:
            for task in ("classify", "vqa"):
                yield from asking.sample(task, photo, question, right)


def right_names(tree: LabelTree, label: int) -> set[str]:
    """Its synonyms, and the branches that it is in."""
    names = [*tree.labels[label].split(","), *(branch.name for branch in tree.wider(label))]
    return {normalise(name.lower()) for name in names}


def mentions(tree: LabelTree, caption: str, label: int) -> bool:
    """Whether one or two words that follow each other name the labelled thing, or a branch that it is in."""
    words = caption.lower().split()
    phrases = [*words, *(" ".join(pair) for pair in pairwise(words))]
    return any((branch := tree.find(phrase)) is not None and label in branch.classes for phrase in phrases)


def of_questions(asking: Asking, root: Path, count: int) -> Iterator[Sample]:
    """DAQUAR's, which people wrote, and those generated from the captions of Flickr8k's dev photos."""
    photos, chance = HeldOut(root), random.Random(SEED)
    people, generated = photos.daquar_questions("val"), photos.generated_questions("dev")
    chosen = [("daquar", question, 1.0) for question in chance.sample(people, min(len(people), count))]
    chosen += [("flickr8k", question, FAMILIAR_WEIGHT) for question in chance.sample(generated, min(len(generated), count))]
    for (source, name), rows in groupby(sorted(chosen, key=_photo_of), key=_photo_of):
        photo = asking.tokens(decode(root / source / "images" / name))
        for _, question, weight in rows:
            for sample in asking.sample("vqa", photo, question.text, {normalise(question.answer)}):
                yield replace(sample, weight=weight)


def _photo_of(row: tuple[str, Question, float]) -> tuple[str, str]:
    return row[0], row[1].photo


def of_odd_pictures(asking: Asking) -> Iterator[Sample]:
    for image in odd_pictures.make(ODD):
        photo = asking.tokens(image)
        yield from asking.sample("classify", photo, "", ())
        yield Sample("caption", "", asking.answer("caption", photo[0]).confidence, photo[1], False)
        for question in UNANSWERABLE:
            yield from asking.sample("vqa", photo, question, ("0",))


def decode(file: Path) -> Image.Image:
    return photo_codec.decode(file.read_bytes())


def fit(samples: Sequence[Sample]) -> Scale:
    """Of one task."""
    counts = {kind: sum(sample.kind == kind for sample in samples) for kind in sorted({sample.kind for sample in samples})}
    own = [kind for kind, count in counts.items() if count >= LEAST_OF_KIND] if len(counts) > 1 else []
    inputs = np.array(
        [
            [doubt.log_odds(s.probability), doubt.log_odds(s.recognised), *(float(s.kind == kind) for kind in own)]
            for s in samples
        ]
    )
    model = LogisticRegression(C=10.0, max_iter=1000)
    model.fit(inputs, [s.is_right for s in samples], sample_weight=[s.weight for s in samples])
    slope, familiarity, *offsets = (round(float(value), 3) for value in model.coef_[0])
    return Scale(round(float(model.intercept_[0]), 3), slope, familiarity, dict(zip(own, offsets, strict=True)))


def table(samples: Sequence[Sample], scale: Scale) -> Iterator[str]:
    """How often answers of each degree of doubt were right."""
    graded = [(doubt.certainty(scale.probability(s.probability, s.recognised, s.kind)), s) for s in samples]
    for certainty in Certainty:
        rows = [sample for given, sample in graded if given is certainty]
        right = sum(sample.is_right for sample in rows)
        yield f"  {certainty:9} {right:5} of {len(rows):5} right" + (f" ({right / len(rows):.0%})" if rows else "")


def unscaled(profile: Profile) -> Profile:
    entries = {name: {**entry, "scale": {}} for name, entry in profile.card["tasks"].items()}
    return replace(profile, card={**profile.card, "tasks": entries})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=400, help="of `everyday`; twice as many questions about each other set")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    profile, root = catalogue.profile("compact"), photo_sets.data_dir()
    asking = Asking(Models(unscaled(profile), arguments.threads))
    samples = [
        *of_everyday(asking, root, arguments.photos),
        *of_questions(asking, root, 2 * arguments.photos),
        *of_odd_pictures(asking),
    ]
    card = json.loads((catalogue.WEIGHTS / "compact" / "card.json").read_text())
    for task in TASKS:
        own = [sample for sample in samples if sample.task == task]
        scale = fit(own)
        card["tasks"][task]["scale"] = vars(scale)
        print(f"{task}: {scale}", *table(own, scale), sep="\n")
    (catalogue.WEIGHTS / "compact" / "card.json").write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
