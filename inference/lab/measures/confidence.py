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
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

from PIL import Image

from inference.engine import catalogue, doubt
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.engine.engines.networks import Array
from inference.engine.questions import closed_answers, kinds
from inference.engine.questions.choice_table import QUESTIONS
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.label_tree import LabelTree
from inference.engine.tasks.wording import with_article
from inference.lab.data import lexicon, odd_pictures, photo_sets
from inference.lab.data.questions import Question
from inference.lab.measures import scales
from inference.lab.measures.choose_tasks import SEED, Models, Shown, everyday
from inference.lab.measures.measure import HeldOut, normalise
from inference.lab.measures.scales import Sample

ODD = 80  # pictures about which every answer is wrong
FAMILIAR_WEIGHT = 0.25  # of a question about photos like the training ones, and about odd pictures
UNANSWERABLE = ("what colour is the car?", "what is the man doing?", "how many people are there?", "where is this?")
TASKS = ("classify", "caption", "vqa")
_COLOURS = closed_answers.choices(Reading(Kind.COLOUR, ""))


class Asking:
    """The three tasks on one photo, with unscaled confidences."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def tokens(self, image: Image.Image) -> tuple[Array, float]:
        """-> the tower's tokens, and their variety."""
        tokens = self.models.tokens(QUESTIONS, image)
        return tokens, doubt.variety(tokens)

    def answer(self, task: str, tokens: Array, question: str = "") -> Answer:
        return self.models.parts[task].answering.answers(tokens, [question])[0]

    def caption(self, tokens: Array) -> tuple[str, float]:
        """The sentence, also where the classifier would name the thing instead."""
        return self.answer("caption", tokens).top[-1]

    def sample(self, task: str, photo: tuple[Array, float], question: str, right: Iterable[str]) -> Iterator[Sample]:
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
                if task != "vqa" or kinds.read(question).kind is not Kind.EITHER_OR:  # those go to the classifier
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
            for text in (question.text, *_alternative(question, chance)):
                for sample in asking.sample("vqa", photo, text, {normalise(question.answer)}):
                    yield replace(sample, weight=weight)


def _alternative(question: Question, chance: random.Random) -> Iterator[str]:
    """ "is the chair red or blue?" from a question for its colour."""
    reading, colours = kinds.read(question.text), [choice.text for choice in _COLOURS]
    if reading.kind is Kind.COLOUR and reading.subject and question.answer in colours:
        pair = [question.answer, chance.choice([colour for colour in colours if colour != question.answer])]
        chance.shuffle(pair)
        yield f"is the {reading.subject} {' or '.join(pair)}?"


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
    of_photo = scales.photo(samples)
    card = json.loads((catalogue.WEIGHTS / "compact" / "card.json").read_text())
    for task in TASKS:
        own = [sample for sample in samples if sample.task == task]
        scale = scales.fit(own, of_photo)
        card["tasks"][task]["scale"] = vars(scale)
        print(f"{task}: {scale}", *scales.table(own, scale), sep="\n")
    (catalogue.WEIGHTS / "compact" / "card.json").write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
