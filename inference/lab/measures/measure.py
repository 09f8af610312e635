"""What the compact models are worth on photos they never saw: the figures of the card and of `bench.models`."""

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertTokenizerFast

from inference.lab.data import photo_sets, questions
from inference.lab.data import texts as language
from inference.lab.data.questions import Question
from inference.lab.measures import decode, question_only, score
from inference.lab.tower.shape import Compact

Figures = dict[str, Any]


class Held:
    """The held-out photos, read as asked for; `limit` takes an even sample of each set."""

    def __init__(self, root: Path, limit: int | None = None) -> None:
        self.root, self.limit = root, limit
        self.captioned = photo_sets.captions(root)

    def sample(self, rows: Sequence[Any]) -> list[Any]:
        return list(rows) if not self.limit else list(rows[:: max(1, len(rows) // self.limit)])[: self.limit]

    def pixels(self, names: Sequence[str]) -> NDArray[np.uint8]:
        return np.stack([photo_sets.read_pixels(self.root / name) for name in names])

    def labelled(self) -> list[tuple[str, int]]:
        return self.sample(
            [(name, label) for name, split, label in photo_sets.listing(self.root) if split == "val" and label >= 0]
        )

    def captions(self, split: str) -> list[tuple[str, list[str]]]:
        return self.sample([(f"flickr8k/images/{c['image']}", c["captions"]) for c in self.captioned if c["split"] == split])

    def made(self, split: str) -> list[Question]:
        """Made-up questions; with a limit four for each photo that it allows."""
        asked = questions.make([item for item in self.captioned if item["split"] == split])
        return asked if not self.limit else asked[:: max(1, len(asked) // (4 * self.limit))]

    def daquar(self, split: str) -> list[Question]:
        return self.sample(language.daquar_pairs(self.root, split))


def classify(model: Compact, held: Held) -> Figures:
    """Top-1 among all 1000 names, and among the ten of this set alone."""
    rows = held.labelled()
    logits = torch.cat(
        [model.classify.classifier(part[:, 0]) for part in decode.see(model, held.pixels([n for n, _ in rows])).split(500)]
    )
    wanted, ten = torch.tensor([label for _, label in rows]), torch.tensor(photo_sets.IMAGENETTE_IDS)
    return {"imagenette_top1": share(logits.argmax(1) == wanted), "imagenette_top5": share((logits.topk(5).indices == wanted[:, None]).any(1)),
            "imagenette_top1_of_ten": share(ten[logits[:, ten].argmax(1)] == wanted), "imagenette_n": len(rows)}  # fmt: skip


def caption(model: Compact, tokenizer: BertTokenizerFast, held: Held) -> Figures:
    rows = held.captions("test")
    said = decode.captions(model, tokenizer, decode.see(model, held.pixels([name for name, _ in rows])))
    references = [texts for _, texts in rows]
    return {"flickr8k_bleu4": round(score.bleu4(said, references), 4), "flickr8k_cider": round(score.cider(said, references), 4),
            "flickr8k_n": len(rows), "captions_distinct": len(set(said))}  # fmt: skip


def answer(model: Compact, tokenizer: BertTokenizerFast, held: Held) -> Figures:
    """Exact answers to held-out questions, beside what the question alone gives."""
    learned, made, human = language.training_questions(held.root), held.made("test"), held.daquar("test")
    right = ask(model, tokenizer, held, made, "flickr8k")
    kinds: dict[str, list[bool]] = defaultdict(list)
    for question, hit in zip(made, right, strict=True):
        kinds[question.kind].append(hit)
    from_captions = [q for name, q in learned if name.startswith("flickr8k")]
    from_people = [q for name, q in learned if name.startswith("daquar")]
    return {"vqa_accuracy": share(right), "vqa_question_only": round(question_only.accuracy(from_captions, made), 4),
            "vqa_kinds": {kind: {"accuracy": share(hits), "n": len(hits),
                                 "question_only": round(question_only.accuracy(from_captions, [q for q in made if q.kind == kind]), 4)}
                          for kind, hits in sorted(kinds.items())},
            "vqa_n": len(made), "daquar_accuracy": share(ask(model, tokenizer, held, human, "daquar")),
            "daquar_question_only": round(question_only.accuracy(from_people, human), 4), "daquar_n": len(human)}  # fmt: skip


def ask(model: Compact, tokenizer: BertTokenizerFast, held: Held, asked: Sequence[Question], source: str) -> list[bool]:
    names = sorted({f"{source}/images/{q.photo}" for q in asked})
    seen, place = decode.see(model, held.pixels(names)), {name: number for number, name in enumerate(names)}
    rows = seen[[place[f"{source}/images/{q.photo}"] for q in asked]]
    said = decode.answers(model, tokenizer, rows, [q.text for q in asked])
    return [plain(one.text) == plain(q.answer) for one, q in zip(said, asked, strict=True)]


def plain(text: str) -> str:
    """Word pieces come back with spaces round a comma; that is no other answer."""
    return " ".join(score.words(text))


def latency(model: Compact, tokenizer: BertTokenizerFast, repeats: int = 20) -> Figures:
    """Milliseconds on one core from pixels to answer, median. Decoding the photo's file is not in it."""
    before, pixels = torch.get_num_threads(), np.full((1, photo_sets.SIDE, photo_sets.SIDE, 3), 127, np.uint8)
    torch.set_num_threads(1)
    tasks = {"classify": lambda: model.classify.classifier(decode.see(model, pixels)[:, 0]),
             "caption": lambda: decode.captions(model, tokenizer, decode.see(model, pixels)),
             "vqa": lambda: decode.answers(model, tokenizer, decode.see(model, pixels), ["what animal is in the photo?"])}  # fmt: skip
    found = {}
    for task, work in tasks.items():
        times = []
        for _ in range(repeats + 2):  # two to warm up
            begun = time.perf_counter()
            work()
            times.append(1000 * (time.perf_counter() - begun))
        found[task] = round(sorted(times[2:])[repeats // 2], 2)
    torch.set_num_threads(before)
    return found


def share(hits: Any) -> float:
    return round(float(np.mean([bool(hit) for hit in hits])), 4) if len(hits) else 0.0
