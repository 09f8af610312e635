"""Trains the question model on the frozen tower's features: `python -m inference.lab.halves.answerer --minutes 50`.

Each step has questions generated from captions (inference/lab/data/questions.py and alternatives.py) and people's questions
(DAQUAR). In every fourth step the latter come without their photo, as the prior has to be learned before a photo can correct
it. Run `captioner` first: it learns the vocabulary.
"""

import heapq
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import BertTokenizerFast

from inference.engine.towers import EfficientNetTower
from inference.lab.data import alternatives, crops, photo_sets, questions, texts, tokens
from inference.lab.data.questions import Question
from inference.lab.halves import bundle, captioner
from inference.lab.halves.features import Features
from inference.lab.halves.run import Run
from inference.lab.halves.shape import Answerer, Vocabulary
from inference.lab.measures import decode, measure

PHOTOS, PEOPLE, EACH = 48, 10, 4  # photos with generated and with people's questions per step, and questions of each
PEOPLE_WEIGHT, BLIND_EVERY = 0.3, 4
LONGEST_QUESTION, LONGEST_ANSWER = 28, 6
UNMIRRORED = 2  # views: the whole photo and its mirror image, as a random crop may lose what a question is about
REPORTED = 600  # questions of each source
Ids = list[int]


@dataclass(frozen=True)
class Pair:
    question: Ids
    mirrored: Ids  # the same with left and right exchanged
    answer: Ids
    weight: float  # of being drawn


class QuestionBatches:
    """Of one source. Step n depends on the seed and n alone."""

    def __init__(
        self, features: Features, asked: Sequence[tuple[str, Question]], tokenizer: BertTokenizerFast, seed: int, evenly: bool
    ) -> None:
        """`evenly`: kinds are drawn by the square root of how many questions they have."""
        self.features, self.seed, self.pairs = features, seed, dict[int, list[Pair]]()
        start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
        plain, mirrored = ([change(q.text) for _, q in asked] for change in (str, texts.mirror))
        answers = [q.answer for _, q in asked]
        ids = zip(*(tokens.ids(tokenizer, part) for part in (plain, mirrored, answers)), strict=True)
        counts = Counter(q.kind for _, q in asked)
        for (name, q), (question, mirror, answer) in zip(asked, ids, strict=True):
            pair = Pair([first, *question[:LONGEST_QUESTION], end], [first, *mirror[:LONGEST_QUESTION], end],
                        [start, *answer[:LONGEST_ANSWER], end], counts[q.kind] ** -0.5 if evenly else 1.0)  # fmt: skip
            self.pairs.setdefault(features.place[name], []).append(pair)
        self.rows = sorted(self.pairs)

    def loss(self, model: Answerer, step: int, photos: int, blind: bool = False) -> Tensor:
        chance = random.Random(f"{self.seed}/{step}")
        rows = chance.sample(self.rows, min(photos, len(self.rows)))
        views = [chance.randrange(min(UNMIRRORED, len(self.features.views))) for _ in rows]
        drawn = [
            (place, pair.mirrored if self.features.views[view] == crops.MIRRORED else pair.question, pair.answer)
            for place, (row, view) in enumerate(zip(rows, views, strict=True))
            for pair in heapq.nlargest(EACH, self.pairs[row], key=lambda pair: chance.random() ** (1 / pair.weight))
        ]
        adapted = model.adapter(captioner.hide(self.features(rows, views), step))
        if blind:
            adapted = torch.zeros_like(adapted)
        asked, answers = (
            tokens.pad(part, [], lengths=4, counts=1) for part in ([row[1] for row in drawn], [row[2] for row in drawn])
        )
        return model.loss(adapted[[place for place, _, _ in drawn]], asked, answers)


def report(
    model: Answerer, dev: Features, people: Features, root: Path, tokenizer: BertTokenizerFast, count: int
) -> dict[str, object]:
    """Exact answers to questions about held-out photos, by source."""
    photos = [item for item in photo_sets.captions(root) if item["split"] == "dev"]
    sources = {
        "generated": (dev, "flickr8k", questions.make(photos)),
        "either": (dev, "flickr8k", alternatives.make(photos)),
        "people": (people, "daquar", texts.daquar_pairs(root, "val")),
    }
    shares: dict[str, object] = {}
    for name, (features, folder, asked) in sources.items():
        sample = asked[:: max(1, len(asked) // count)]
        rows, texts_ = [features.place[f"{folder}/images/{q.photo}"] for q in sample], [q.text for q in sample]
        answers: list[decode.GeneratedText] = []
        for at in range(0, len(rows), decode.BATCH):
            part = slice(at, at + decode.BATCH)
            seen = features(rows[part], [0] * len(rows[part]))
            answers += decode.answers(model, tokenizer, seen, texts_[part])
        hits = [measure.normalise(a.text) == measure.normalise(q.answer) for a, q in zip(answers, sample, strict=True)]
        shares[name] = measure.share(hits)
    return shares


def new(tokenizer: BertTokenizerFast, seed: int) -> Answerer:
    torch.manual_seed(seed)
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    tower = EfficientNetTower(bundle.network(), photo_sets.SIDE)
    return Answerer(tower, Vocabulary(len(tokenizer), 0, start, end))


def main() -> None:
    parser = captioner.parser(__doc__, 50)
    parser.add_argument("--tune", action="store_true", help="go on from the finished run")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    root, folder = photo_sets.data_dir(), options.run / "features"
    tokenizer = captioner.tokenizer_of(options.run / "tokenizer", root)
    train, dev, rooms = (Features(folder, root, split) for split in ("train", "dev", "daquar"))
    asked = texts.training_questions(root)
    generated = QuestionBatches(
        train, [row for row in asked if row[0].startswith("flickr8k")], tokenizer, options.seed, options.tune
    )
    people = QuestionBatches(
        rooms, [row for row in asked if row[0].startswith("daquar")], tokenizer, options.seed, options.tune
    )
    model, averaged = new(tokenizer, options.seed), new(tokenizer, options.seed).eval()
    if options.tune:
        model.load_state_dict(torch.load(options.run / "vqa" / "checkpoint.pt", weights_only=True)["average"])
    run = Run(model, options.run / ("vqa-tuned" if options.tune else "vqa"), options.minutes, options.rate)

    def losses(step: int) -> dict[str, Tensor]:
        blind = step % BLIND_EVERY == 0
        return {"generated": generated.loss(model, step, PHOTOS),
                "people": PEOPLE_WEIGHT * people.loss(model, step, PEOPLE, blind)}  # fmt: skip

    def dev_report() -> dict[str, object]:
        averaged.load_state_dict(run.average)
        return report(averaged, dev, rooms, root, tokenizer, REPORTED)

    run.train(losses, dev_report)


if __name__ == "__main__":
    main()
