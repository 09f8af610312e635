"""Fits what the probability of an answer is worth as a confidence, and writes the scales into the card.

    python -m inference.lab.measures.confidence --photos 400

A logistic regression of "it was right" for each task: on the log odds of the answer, on whether it is a photo at all (by the
variety of what the tower saw) and on the kind of question. Fitted on photos unlike those that the text halves were trained on:
`everyday` (names, presence, alternatives, and whether a caption names the labelled thing), a tenth of DAQUAR's training photos,
and pictures about which every answer is wrong: noise, one colour, drawings. Questions about Flickr8k's dev photos, which the
training photos resemble, and about such pictures count a quarter. The questions of `bench.models` are asked of none of them:
they test the scales.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from inference.engine import catalogue, doubt, towers
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.engine.doubt import Certainty, Scale
from inference.engine.questions import kinds
from inference.engine.questions.choice_table import QUESTIONS
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.label_tree import LabelTree
from inference.engine.tasks.wording import with_article
from inference.lab.data import lexicon, odd_pictures, photo_sets
from inference.lab.data.questions import Question
from inference.lab.measures.choose_tasks import SEED, Models, Shown, everyday
from inference.lab.measures.measure import HeldOut, normalise

ODD = 80  # pictures about which every answer is wrong
FAMILIAR_WEIGHT = 0.25  # of a question about photos like the training ones, and about odd pictures
LEAST_OF_KIND = 60  # samples, for an offset of its own
UNANSWERABLE = ("what colour is the car?", "what is the man doing?", "how many people are there?", "where is this?")
TASKS = ("classify", "caption", "vqa")
_OF_TWO = (Kind.YES_NO, Kind.EITHER_OR)  # answers


@dataclass(frozen=True)
class Sample:
    task: str
    kind: str
    probability: float  # of the answer, unscaled
    variety: float  # of what the tower saw
    is_right: bool
    weight: float = 1.0
    is_odd: bool = False  # no photo of anything


class Asking:
    """The three tasks on one photo, with unscaled confidences."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def tokens(self, image: Image.Image) -> tuple[Tensor, float]:
        """-> the tower's tokens, and their variety."""
        tokens = self.models.tokens(QUESTIONS, image)
        return tokens, towers.variety(tokens)

    def answer(self, task: str, tokens: Tensor, question: str = "") -> Answer:
        return self.models.parts[task].answer(tokens, question)

    def caption(self, tokens: Tensor) -> tuple[str, float]:
        """The sentence, also where the classifier would name the thing instead."""
        return self.answer("caption", tokens).top[-1]

    def sample(self, task: str, photo: tuple[Tensor, float], question: str, right: Iterable[str]) -> Iterator[Sample]:
        """None where `choose_tasks` fitted the probability: of whether a thing is there, and of one that was not seen."""
        tokens, variety = photo
        reading = kinds.read(question) if question else Reading(Kind.NAME, "")
        answer = self.answer(task, tokens, question)
        if not answer.absent and not reading.presence:
            yield Sample(task, reading.kind.value, answer.confidence, variety, normalise(answer.text) in right)


def of_everyday(asking: Asking, root: Path, count: int) -> Iterator[Sample]:
    """One labelled thing in each photo."""
    tree, chance = asking.models.tree, random.Random(SEED)
    for shown in everyday(root, tree, count):
        assert shown.label is not None
        photo = asking.tokens(decode(shown.file))
        caption, probability = asking.caption(photo[0])
        yield Sample("caption", "", probability, photo[1], mentions(tree, caption, shown.label))
        for word in (*shown.there, *shown.absent):
            yes = doubt.logistic(asking.models.yes(photo[0], word))
            yield Sample("vqa", Kind.YES_NO.value, max(yes, 1 - yes), photo[1], (yes > 0.5) == (word in shown.there))
        for question, right in _asked(tree, shown, chance):
            for task in ("classify", "vqa"):
                yield from asking.sample(task, photo, question, right)


def _asked(tree: LabelTree, shown: Shown, chance: random.Random) -> Iterator[tuple[str, set[str]]]:
    """Questions about the labelled thing, with their right answers."""
    assert shown.label is not None
    if wider := tree.wider(shown.label):
        yield f"what {wider[-1].name} is it?", right_names(tree, shown.label) - {wider[-1].name}
    yield "what is this?", right_names(tree, shown.label)
    if shown.there and shown.absent:
        pair = [shown.there[0], chance.choice(shown.absent)]
        chance.shuffle(pair)
        yield f"is it {' or '.join(map(with_article, pair))}?", {normalise(shown.there[0])}


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
    """DAQUAR's, which people wrote, and those generated from the captions of Flickr8k's dev photos, without yes or no: that
    was trained on in just these words, and other words for the same are answered far worse."""
    photos, chance = HeldOut(root), random.Random(SEED)
    people, generated = photos.daquar_questions("val"), [q for q in photos.generated_questions("dev") if q.kind != "yesno"]
    chosen = [("daquar", question, 1.0) for question in chance.sample(people, min(len(people), count))]
    chosen += [("flickr8k", question, FAMILIAR_WEIGHT) for question in chance.sample(generated, min(len(generated), count))]
    for (source, name), rows in groupby(sorted(chosen, key=_photo_of), key=_photo_of):
        photo = asking.tokens(decode(root / source / "images" / name))
        for _, question, weight in rows:
            for sample in asking.sample("vqa", photo, question.text, {normalise(question.answer)}):
                yield replace(sample, weight=weight)


def of_captions(asking: Asking, root: Path, count: int) -> Iterator[Sample]:
    """Right is a caption of a Flickr8k dev photo of which every thing that it names is named by people too."""
    words = lexicon.by_word(lexicon.PEOPLE | lexicon.ANIMALS | lexicon.THINGS)
    photos = HeldOut(root).captions("dev")
    for name, references in random.Random(SEED).sample(photos, min(len(photos), count)):
        tokens, variety = asking.tokens(decode(root / name))
        caption, probability = asking.caption(tokens)
        own, theirs = (
            {words[word] for word in text.lower().split() if word in words} for text in (caption, " ".join(references))
        )
        yield Sample("caption", "", probability, variety, bool(own) and own <= theirs, FAMILIAR_WEIGHT)


def _photo_of(row: tuple[str, Question, float]) -> tuple[str, str]:
    return row[0], row[1].photo


def of_odd_pictures(asking: Asking) -> Iterator[Sample]:
    for image in odd_pictures.make(ODD):
        photo = asking.tokens(image)
        yield from asking.sample("classify", photo, "", ())
        yield Sample("caption", "", asking.caption(photo[0])[1], photo[1], False)
        for question in UNANSWERABLE:
            yield from asking.sample("vqa", photo, question, ("0",))


def decode(file: Path) -> Image.Image:
    return photo_codec.decode(file.read_bytes())


def photo(samples: Sequence[Sample]) -> tuple[float, float]:
    """Offset and slope, in the variety of what the tower saw, of the log odds that it is a photo and no odd picture."""
    variety = {(sample.variety, sample.is_odd) for sample in samples}
    model = LogisticRegression(C=1e4, class_weight="balanced")
    model.fit([[value] for value, _ in variety], [not is_odd for _, is_odd in variety])
    return round(float(model.intercept_[0]), 2), round(float(model.coef_[0][0]), 2)


def fit(samples: Sequence[Sample], of_photo: tuple[float, float]) -> Scale:
    """Of one task. A kind's own offset and slope are fitted as what they add to the common ones."""
    samples = [*samples, *(replace(sample, kind="") for sample in samples)]  # what is common is fitted to all of them
    counts = Counter(sample.kind for sample in samples if sample.kind)
    own = sorted(kind for kind, count in counts.items() if count >= LEAST_OF_KIND)
    odds = np.array([doubt.log_odds(sample.probability) for sample in samples])
    is_kind = np.array([[float(sample.kind == kind) for kind in own] for sample in samples]).reshape(len(samples), len(own))
    unweighted = Scale(photo=(*of_photo, 0.0))
    is_photo = np.array([unweighted.is_photo(sample.variety) for sample in samples])
    inputs = np.column_stack([odds, is_photo, is_kind, is_kind * odds[:, None]])
    model = LogisticRegression(max_iter=5000)
    model.fit(inputs, [sample.is_right for sample in samples], sample_weight=[sample.weight for sample in samples])
    offset, (slope, weight, *rest) = float(model.intercept_[0]), map(float, model.coef_[0])
    kinds_ = {
        kind: (round(offset + more, 3), round(slope + steeper, 3))
        for kind, more, steeper in zip(own, rest[: len(own)], rest[len(own) :], strict=True)
    }
    return Scale(round(offset, 3), round(slope, 3), (*of_photo, round(weight, 3)), kinds_)


def table(samples: Sequence[Sample], scale: Scale) -> Iterator[str]:
    """How often answers of each degree of doubt were right."""
    graded = [
        (doubt.certainty(scale.probability(s.probability, s.variety, s.kind), alternatives=2 if s.kind in _OF_TWO else 0), s)
        for s in samples
    ]
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
        *of_captions(asking, root, arguments.photos),
        *(replace(sample, is_odd=True, weight=FAMILIAR_WEIGHT) for sample in of_odd_pictures(asking)),
    ]
    of_photo = photo(samples)
    card = json.loads((catalogue.WEIGHTS / "compact" / "card.json").read_text())
    for task in TASKS:
        own = [sample for sample in samples if sample.task == task]
        scale = fit(own, of_photo)
        card["tasks"][task]["scale"] = vars(scale)
        print(f"{task}: {scale}", *table(own, scale), sep="\n")
    (catalogue.WEIGHTS / "compact" / "card.json").write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
