"""Measures which task answers which kind of question better, and how to weigh what both say of a thing (choices.json).

    python -m inference.lab.measures.choose_tasks --photos 300

Presence is measured on Flickr8k's dev photos (a thing that two captions name is there, one that none names is not) and, for the
kinds of things that captions do not name, on `everyday`; names and alternatives on `everyday`. Nothing here is tested on: the
held-out questions of bench.models are about other photos.
"""

import argparse
import csv
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.engine import catalogue
from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.engine.doubt import log_odds
from inference.engine.engines.networks import Array
from inference.engine.engines.torch_engine import TorchEngine
from inference.engine.questions import choice_table, closed_answers, naming
from inference.engine.questions.choice_table import ANY, CLASSIFIER, QUESTIONS, UNNAMED, TableFile
from inference.engine.questions.closed_answers import Choice
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.label_tree import Branch, LabelTree
from inference.engine.tasks.classify.model import Classifier
from inference.engine.tasks.vqa.model import Answerer
from inference.engine.tasks.wording import with_article
from inference.lab.data import lexicon, photo_sets
from inference.lab.measures import presence
from inference.lab.measures.presence import LEAST_POSITIVES, Evidence

NEGATIVES = 3  # questions about absent things, for each photo
MARGIN = 0.01  # by which the classifier's accuracy has to be better: it costs a step of its own
SEED = 0
_YES_NO = closed_answers.choices(Reading(Kind.YES_NO, ""))


@dataclass(frozen=True)
class Shown:
    """A photo with the words of things that are in it, and of some that are not."""

    file: Path
    there: tuple[str, ...]
    absent: tuple[str, ...]
    label: int | None = None  # ImageNet's class, where it is known


class Models:
    """The two tasks on one tower's tokens."""

    def __init__(self, profile: Profile, threads: int = 1) -> None:
        engine = TorchEngine(profile, threads=threads)
        self.parts = engine.parts
        classes, answerer = self.parts[CLASSIFIER].answering, self.parts[QUESTIONS].answering
        if not isinstance(classes, Classifier) or classes.tree is None or not isinstance(answerer, Answerer):
            raise SystemExit("This profile has no classifier of ImageNet's classes, so there is nothing to choose from.")
        self.classes, self.tree, self.answerer = classes, classes.tree, answerer

    def tokens(self, task: str, image: Image.Image) -> Array:
        """-> [1, T, width]."""
        part = self.parts[task]
        return part.networks.vision.whole(part.pixels(image))

    def yes(self, tokens: Array, word: str) -> float:
        """Log odds of yes to whether the thing is there."""
        yes, _ = self.answerer.probabilities(tokens, f"is there {with_article(word)}?", _YES_NO)
        return log_odds(yes)

    def chosen(self, tokens: Array, texts: Sequence[str]) -> str:
        question = f"is it {' or '.join(with_article(text) for text in texts)}?"
        shares = self.answerer.probabilities(tokens, question, [Choice(text, (text,)) for text in texts])
        return texts[int(np.argmax(shares))]


def flickr(root: Path, count: int) -> list[Shown]:
    """A thing is there where two captions name it, and absent where none does."""
    words = lexicon.by_word(lexicon.PEOPLE | lexicon.ANIMALS | lexicon.THINGS)
    things = sorted(set(words.values()))
    chance, photos = random.Random(SEED), [photo for photo in photo_sets.captions(root) if photo["split"] == "dev"]
    rows = []
    for photo in photos[:count]:
        named = [{words[word] for word in caption.lower().split() if word in words} for caption in photo["captions"]]
        there = tuple(thing for thing in things if sum(thing in caption for caption in named) > 1)
        missing = [thing for thing in things if not any(thing in caption for caption in named)]
        rows.append(Shown(root / "flickr8k" / "images" / photo["image"], there, tuple(chance.sample(missing, NEGATIVES))))
    return rows


def everyday(root: Path, tree: LabelTree, count: int) -> list[Shown]:
    """Of the labelled thing, its class and the branches that it is in; absent are those of another photo's thing."""
    chance = random.Random(SEED)
    with photo_sets.require(root / "everyday" / "labels.csv").open() as file:
        rows = [(row["image"], tree.labels.index(row["label"])) for row in csv.DictReader(file)]
    chance.shuffle(rows)
    shown = []
    for image, label in rows[:count]:
        own = names_of(tree, label)
        others = {name for _, other in chance.sample(rows, NEGATIVES) for name in names_of(tree, other)[:2]} - set(own)
        shown.append(Shown(root / "everyday" / "images" / image, tuple(own[:2]), tuple(sorted(others)[:NEGATIVES]), label))
    return shown


def names_of(tree: LabelTree, label: int) -> list[str]:
    """The name of a class, where it stands for it alone, and of the branches that it is in, the narrowest first."""
    first = tree.labels[label].split(",")[0].strip()
    own = [first] if (branch := tree.find(first)) and branch.is_class else []
    return [*own, *(branch.name for branch in tree.wider(label) if tree.find(branch.name))]


def measure(models: Models, root: Path, count: int) -> TableFile:
    tree, evidence = models.tree, []
    right: dict[str, dict[str, list[bool]]] = {
        part: defaultdict(list) for part in ("naming classify", "naming vqa", "or classify", "or vqa")
    }
    chance = random.Random(SEED)
    for shown in [*flickr(root, count), *everyday(root, tree, count)]:
        image = photo_codec.decode(shown.file.read_bytes())
        tokens = models.tokens(QUESTIONS, image)
        probabilities = models.classes.probabilities(models.tokens(CLASSIFIER, image))
        for word in (*shown.there, *shown.absent):
            branch = tree.find(word)
            name, kind = (branch.name, branch.kind) if branch else (word, UNNAMED)
            odds = log_odds(naming.of(probabilities, branch)) if branch else 0.0
            evidence.append(Evidence(name, kind, word in shown.there, odds, models.yes(tokens, word)))
        if shown.label is not None:
            _compare(models, shown.label, tokens, probabilities, right, chance)
    print(
        "log loss of whether a thing is there:",
        ", ".join(f"{name} {loss:.3f}" for name, loss in presence.losses(evidence).items()),
    )
    return {
        "naming": _winners(right["naming classify"], right["naming vqa"]),
        "either_or": _winners(right["or classify"], right["or vqa"]),
        "presence": presence.rows(evidence),
    }


def _compare(
    models: Models,
    label: int,
    tokens: Array,
    probabilities: NDArray[np.float64],
    right: dict[str, dict[str, list[bool]]],
    chance: random.Random,
) -> None:
    """The name of the labelled thing, and which of two things of its kind it is."""
    tree, wider = models.tree, models.tree.wider(label)
    if not wider:
        return
    kind, widest = wider[-1].kind, wider[-1]
    names = [part.strip().lower() for part in tree.labels[label].split(",")] + [branch.name for branch in wider[:-1]]
    answer = naming.name(probabilities, tree, [text.split(",")[0].strip() for text in tree.labels], widest.name)
    right["naming classify"][kind].append(answer.text.lower() in names)
    said = models.answerer.answers(tokens, [f"what {widest.name} is it?"])[0].text
    right["naming vqa"][kind].append(said in names)
    siblings = [
        b for b in tree.branches.values() if b.kind == kind and label not in b.classes and not b.classes & wider[0].classes
    ]
    if wider[0] is widest or not siblings:
        return
    pair = [wider[0], chance.choice(siblings)]
    texts = [branch.name for branch in pair]
    right["or classify"][kind].append(_among(probabilities, pair, texts) == texts[0])
    right["or vqa"][kind].append(models.chosen(tokens, texts) == texts[0])


def _among(probabilities: NDArray[np.float64], branches: Sequence[Branch], texts: Sequence[str]) -> str:
    return naming.among(probabilities, branches, texts).text


def _winners(classifier: dict[str, list[bool]], questions: dict[str, list[bool]]) -> dict[str, str]:
    for rows in (classifier, questions):
        rows[ANY] = [hit for kind in sorted(rows) for hit in rows[kind]]
    shares = {kind: (float(np.mean(rows)), float(np.mean(questions[kind]))) for kind, rows in classifier.items()}
    for kind, (own, other) in sorted(shares.items()):
        print(f"{kind}: classifier {own:.2f}, question model {other:.2f}, of {len(classifier[kind])}")
    counts = {kind: len(rows) for kind, rows in classifier.items()}
    return {
        kind: CLASSIFIER if own > other + MARGIN else QUESTIONS
        for kind, (own, other) in sorted(shares.items())
        if counts[kind] >= LEAST_POSITIVES
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profile", default="compact")
    parser.add_argument("--photos", type=int, default=300, help="of each set")
    parser.add_argument("--out", type=Path, help="default: beside the profile's models")
    arguments = parser.parse_args()
    models = Models(catalogue.profile(arguments.profile))
    table = measure(models, photo_sets.data_dir(), arguments.photos)
    out = arguments.out or catalogue.WEIGHTS / arguments.profile / choice_table.FILE
    out.write_text(json.dumps(table, indent=1) + "\n")
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
