"""Accuracy and latency of the compact models on held-out photos: the figures of the card and of `bench.models`."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypedDict, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertTokenizerFast

from inference.lab.data import photo_sets, questions
from inference.lab.data import texts as language
from inference.lab.data.questions import Question
from inference.lab.halves.shape import Compact
from inference.lab.measures import decode, question_only, score

Item = TypeVar("Item")
WARM_UP = 2


class ClassifyFigures(TypedDict):
    imagenette_top1: float
    imagenette_top5: float
    imagenette_top1_of_ten: float
    imagenette_n: int


class EverydayFigures(TypedDict):
    everyday_top1: float
    everyday_top5: float
    everyday_n: int


class CaptionFigures(TypedDict):
    flickr8k_bleu4: float
    flickr8k_cider: float
    flickr8k_n: int
    captions_distinct: int


class KindFigures(TypedDict):
    accuracy: float
    n: int
    question_only: float


class AnswerFigures(TypedDict):
    vqa_accuracy: float
    vqa_question_only: float
    vqa_kinds: dict[str, KindFigures]
    vqa_n: int
    daquar_accuracy: float
    daquar_question_only: float
    daquar_n: int


class HeldOut:
    """The held-out photos with their references; `limit` takes an even sample of each set."""

    def __init__(self, root: Path, limit: int | None = None) -> None:
        self.root, self.limit = root, limit
        self.captioned = photo_sets.captions(root)

    def sample(self, rows: Sequence[Item]) -> list[Item]:
        return list(rows) if not self.limit else list(rows[:: max(1, len(rows) // self.limit)])[: self.limit]

    def pixels(self, names: Sequence[str]) -> NDArray[np.uint8]:
        """-> uint8 [N, SIDE, SIDE, 3]."""
        return np.stack([photo_sets.read_pixels(self.root / name) for name in names])

    def labelled(self) -> list[tuple[str, int]]:
        """(name, ImageNet id) of Imagenette's validation photos."""
        return self.sample(
            [(name, label) for name, split, label in photo_sets.listing(self.root) if split == "val" and label >= 0]
        )

    def everyday(self) -> list[tuple[str, int]]:
        """(name, ImageNet id) of the everyday photos, which nothing is trained on."""
        return self.sample(photo_sets.everyday(self.root))

    def captions(self, split: str) -> list[tuple[str, list[str]]]:
        """(name, reference captions) of Flickr8k's dev or test photos."""
        return self.sample([(f"flickr8k/images/{c['image']}", c["captions"]) for c in self.captioned if c["split"] == split])

    def generated_questions(self, split: str) -> list[Question]:
        """Questions generated from Flickr8k captions; with a limit, four for each photo that it allows."""
        generated = questions.make([item for item in self.captioned if item["split"] == split])
        return generated if not self.limit else generated[:: max(1, len(generated) // (4 * self.limit))]

    def daquar_questions(self, split: str) -> list[Question]:
        """Questions that people asked."""
        return self.sample(language.daquar_pairs(self.root, split))


def classify(model: Compact, photos: HeldOut) -> ClassifyFigures:
    """Imagenette: top-1 and top-5 of all 1000 names, and top-1 of the set's own ten."""
    (logits, labels), ten = _logits(model, photos, photos.labelled()), torch.tensor(photo_sets.IMAGENETTE_IDS)
    return {
        "imagenette_top1": _top(logits, labels, 1),
        "imagenette_top5": _top(logits, labels, 5),
        "imagenette_top1_of_ten": share((ten[logits[:, ten].argmax(1)] == labels).tolist()),
        "imagenette_n": len(labels),
    }


def everyday(model: Compact, photos: HeldOut) -> EverydayFigures:
    """One photo for every second class: top-1 and top-5 of all 1000 names."""
    logits, labels = _logits(model, photos, photos.everyday())
    return {"everyday_top1": _top(logits, labels, 1), "everyday_top5": _top(logits, labels, 5), "everyday_n": len(labels)}


@torch.inference_mode()
def _logits(model: Compact, photos: HeldOut, rows: Sequence[tuple[str, int]]) -> tuple[Tensor, Tensor]:
    """(name, ImageNet id) rows -> logits [N, 1000] and ids [N]."""
    parts = [
        model.classifier(decode.vision_tokens(model, photos.pixels([name for name, _ in rows[at : at + decode.BATCH]]))[:, 0])
        for at in range(0, len(rows), decode.BATCH)
    ]
    return torch.cat(parts), torch.tensor([label for _, label in rows])


def _top(logits: Tensor, labels: Tensor, count: int) -> float:
    return share((logits.topk(count).indices == labels[:, None]).any(1).tolist())


def caption(model: Compact, tokenizer: BertTokenizerFast, photos: HeldOut) -> CaptionFigures:
    rows = photos.captions("test")
    captions = decode.captions(model.caption, tokenizer, decode.vision_tokens(model, photos.pixels([name for name, _ in rows])))
    references = [texts for _, texts in rows]
    return {
        "flickr8k_bleu4": round(score.bleu4(captions, references), 4),
        "flickr8k_cider": round(score.cider(captions, references), 4),
        "flickr8k_n": len(rows),
        "captions_distinct": len(set(captions)),
    }


def answer(model: Compact, tokenizer: BertTokenizerFast, photos: HeldOut) -> AnswerFigures:
    """Exact answers to held-out questions, beside what the question alone gives."""
    training = language.training_questions(photos.root)
    generated, people = photos.generated_questions("test"), photos.daquar_questions("test")
    correct = ask(model, tokenizer, photos, generated, "flickr8k")
    kinds: dict[str, list[bool]] = defaultdict(list)
    for question, hit in zip(generated, correct, strict=True):
        kinds[question.kind].append(hit)
    from_captions = [q for name, q in training if name.startswith("flickr8k")]
    from_people = [q for name, q in training if name.startswith("daquar")]

    def without_photo(kind: str) -> float:
        return round(question_only.accuracy(from_captions, [q for q in generated if q.kind == kind]), 4)

    return {"vqa_accuracy": share(correct), "vqa_question_only": round(question_only.accuracy(from_captions, generated), 4),
            "vqa_kinds": {kind: {"accuracy": share(hits), "n": len(hits), "question_only": without_photo(kind)}
                          for kind, hits in sorted(kinds.items())},
            "vqa_n": len(generated), "daquar_accuracy": share(ask(model, tokenizer, photos, people, "daquar")),
            "daquar_question_only": round(question_only.accuracy(from_people, people), 4), "daquar_n": len(people)}  # fmt: skip


def ask(
    model: Compact, tokenizer: BertTokenizerFast, photos: HeldOut, asked_questions: Sequence[Question], source: str
) -> list[bool]:  # fmt: skip
    """Whether each question about a photo of the set `source` is answered exactly."""
    names = sorted({f"{source}/images/{q.photo}" for q in asked_questions})
    seen, place = decode.vision_tokens(model, photos.pixels(names)), {name: number for number, name in enumerate(names)}
    rows = seen[[place[f"{source}/images/{q.photo}"] for q in asked_questions]]
    answers = decode.answers(model.vqa, tokenizer, rows, [q.text for q in asked_questions])
    return [normalise(answer.text) == normalise(q.answer) for answer, q in zip(answers, asked_questions, strict=True)]


def normalise(text: str) -> str:
    """Decoded word pieces have spaces around punctuation, which makes no difference to an answer."""
    return " ".join(score.words(text))


def latency(model: Compact, tokenizer: BertTokenizerFast, repeats: int = 20) -> dict[str, float]:
    """Median milliseconds on one core by task, from pixels to answer. Decoding the photo's file is not included."""
    threads, pixels = torch.get_num_threads(), np.full((1, photo_sets.SIDE, photo_sets.SIDE, 3), 127, np.uint8)
    torch.set_num_threads(1)

    def seen() -> torch.Tensor:
        return decode.vision_tokens(model, pixels)

    tasks: dict[str, Callable[[], object]] = {
        "classify": lambda: model.classifier(seen()[:, 0]),
        "caption": lambda: decode.captions(model.caption, tokenizer, seen()),
        "vqa": lambda: decode.answers(model.vqa, tokenizer, seen(), ["what animal is in the photo?"]),
    }
    medians = {}
    for task, work in tasks.items():
        times = []
        for _ in range(WARM_UP + repeats):
            started = time.perf_counter()
            work()
            times.append(1000 * (time.perf_counter() - started))
        medians[task] = round(sorted(times[WARM_UP:])[repeats // 2], 2)
    torch.set_num_threads(threads)
    return medians


def share(hits: Iterable[bool]) -> float:
    """Fraction of true values, 0 for none at all."""
    values = list(hits)
    return round(float(np.mean(values)), 4) if values else 0.0
