"""What one training step sees. Batch n depends on the seed and n alone, so a resumed run goes on as if never stopped."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizerFast

from inference.vision.training import crops, data, questions, score, tokens
from inference.vision.training.shape import GRID, TAGS
from inference.vision.training.teacher import FEATURES


@dataclass(frozen=True)
class Phase:
    """One stretch of the schedule: how much of a photo is looked at, and how many texts it comes with."""

    patches: int
    captions: int
    questions: int
    wide: bool  # crops that show nearly all of the photo
    text_weight: float


NO_TAGS = torch.full((TAGS,), -1.0)
COMMON = 0.4  # a word in more than this share of the photos tells nothing about any of them

CLOSE = Phase(GRID * GRID // 2, 1, 1, False, 0.5)
WIDE = Phase(GRID * GRID, 2, 4, True, 1.0)


@dataclass
class Batch:
    pixels: Tensor  # uint8 [B, 3, S, S]
    keep: Tensor | None  # [B, n] patches to look at, None for all
    soft_ids: Tensor  # [B, KEPT] class ids
    soft: Tensor  # [B, KEPT] probabilities
    features: Tensor  # [B, GRID * GRID, FEATURES], a unit being the deviation of the strongest direction
    label: Tensor  # [B] class id or -1
    tags: Tensor  # [B, TAGS] share of the photo's captions that use the word; -1 throughout for a photo without captions
    captions: Tensor  # [C, T] [DEC] words [SEP]; the last rows may be filler
    caption_of: Tensor  # [C] which photo
    asked: Tensor  # [Q, T] [CLS] words [SEP]
    answers: Tensor  # [Q, A] [DEC] words [SEP]
    asked_of: Tensor  # [Q]


@dataclass
class Texts:
    """Captions and (question, answer) pairs as token ids, by row of the photo array."""

    captions: dict[int, list[list[int]]]
    pairs: dict[int, list[tuple[list[int], list[int]]]]
    mirrored: dict[int, list[tuple[list[int], list[int]]]]  # the same with left and right exchanged
    tags: dict[int, Tensor]  # [TAGS]


class Batches:
    def __init__(
        self,
        photos: data.Photos,
        texts: Texts,
        labels: list[dict[str, NDArray[Any]]],
        tokenizer: BertTokenizerFast,
        size: int,
        seed: int,
    ) -> None:
        self.photos, self.texts, self.labels, self.size, self.seed = photos, texts, labels, size, seed
        self.rows: NDArray[Any] = labels[0]["rows"]
        self.start, self.end, self.first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])

    def __call__(self, step: int, phase: Phase) -> Batch:
        epoch, places = self._places(step)
        number = self._pass(epoch, phase.wide)
        chance = random.Random(f"{self.seed}/{step}")
        noise = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        label, rows = self.labels[number], self.rows[places]
        drawn = [crops.draw(int(row), number) for row in rows]
        pixels = crops.batch([crops.cut(self.photos.pixels[row], *box) for row, box in zip(rows, drawn, strict=True)])
        keep = (
            None
            if phase.patches == GRID * GRID
            else torch.rand(len(rows), GRID * GRID, generator=noise).argsort(1)[:, : phase.patches]
        )
        return Batch(pixels, keep, torch.from_numpy(label["ids"][places].astype(np.int64)), torch.from_numpy(label["probabilities"][places]).float(),
                     on_grid(label["features"][places]), torch.from_numpy(self.photos.label[rows]),
                     torch.stack([self.texts.tags.get(row, NO_TAGS) for row in rows.tolist()]), **self._texts(rows, drawn, phase, chance))  # fmt: skip

    def _places(self, step: int) -> tuple[int, NDArray[Any]]:
        """Epoch and the places in `rows` of step `step`; the last, short batch of an epoch is left out."""
        epoch, within = divmod(step, len(self.rows) // self.size)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.rows))
        return epoch, order[within * self.size : (within + 1) * self.size]

    def _pass(self, epoch: int, wide: bool) -> int:
        close = min(crops.CLOSE_PASSES, len(self.labels))
        return close + epoch % (len(self.labels) - close) if wide and len(self.labels) > close else epoch % close

    def _texts(
        self, rows: NDArray[Any], drawn: list[tuple[Any, bool]], phase: Phase, chance: random.Random
    ) -> dict[str, Tensor]:
        said: list[tuple[int, list[int]]] = []
        asked: list[tuple[int, list[int], list[int]]] = []
        for place, (row, (_, flipped)) in enumerate(zip(rows.tolist(), drawn, strict=True)):
            captions = self.texts.captions.get(row, [])
            said += [(place, caption) for caption in chance.sample(captions, min(phase.captions, len(captions)))]
            pairs = (self.texts.mirrored if flipped else self.texts.pairs).get(row, [])
            asked += [(place, *pair) for pair in chance.sample(pairs, min(phase.questions, len(pairs)))]
        end = [self.end]
        # Fillers have nothing to predict after their first token, so they add nothing to a loss.
        told = tokens.pad([[self.start, *ids, *end] for _, ids in said], [self.start])
        questions = tokens.pad([[self.first, *ids, *end] for _, ids, _ in asked], [self.first, *end])
        answers = tokens.pad([[self.start, *ids, *end] for _, _, ids in asked], [self.start], lengths=4)
        return {"captions": told, "caption_of": _padded([place for place, _ in said], len(told)),
                "asked": questions, "answers": answers, "asked_of": _padded([place for place, _, _ in asked], len(questions))}  # fmt: skip


def _padded(places: list[int], size: int) -> Tensor:
    return torch.tensor(places + [0] * (size - len(places)), dtype=torch.long)


def on_grid(features: NDArray[np.int8]) -> Tensor:
    """The teacher's 7×7 places -> the student's grid. features int8 [B, 49, FEATURES] -> [B, GRID * GRID, FEATURES]."""
    square = torch.from_numpy(features).float().div_(127 / 4).transpose(1, 2).reshape(-1, FEATURES, 7, 7)
    return F.interpolate(square, (GRID, GRID), mode="bilinear", align_corners=False).flatten(2).transpose(1, 2)


def read_labels(folder: Path) -> list[dict[str, NDArray[Any]]]:
    files = sorted(folder.glob("labels-[0-9][0-9].npz"))
    if not files:
        raise SystemExit(f"{folder} holds no teacher labels: run `python -m inference.vision.training.label` first.")
    return [dict(np.load(file)) for file in files]


def daquar_pairs(root: Path, split: str) -> list[questions.Question]:
    splits = data.daquar_splits(root)
    return [questions.Question(item["image"], "daquar", item["question"].strip() + "?", item["answer"].replace("_", " "))
            for item in data.daquar(root) if splits[item["image"]] == split]  # fmt: skip


def training_questions(root: Path) -> list[tuple[str, questions.Question]]:
    """(row name, question) of every training photo."""
    made = questions.make([item for item in data.captions(root) if item["split"] == "train"])
    return [
        *((f"flickr8k/images/{q.photo}", q) for q in made),
        *((f"daquar/images/{q.photo}", q) for q in daquar_pairs(root, "train")),
    ]


def training_captions(root: Path) -> list[tuple[str, str]]:
    """(row name, caption) of every training photo. The 94 photos outside the official splits train the tower alone."""
    return [
        (f"flickr8k/images/{item['image']}", clean(text))
        for item in data.captions(root)
        if item["split"] == "train"
        for text in item["captions"]
    ]


def clean(caption: str) -> str:
    return " ".join(caption.lower().replace('"', " ").split()).removesuffix(".").strip()


def read_texts(photos: data.Photos, tokenizer: BertTokenizerFast, root: Path) -> Texts:
    index, asked, said = photos.index(), training_questions(root), training_captions(root)
    captions: dict[int, list[list[int]]] = defaultdict(list)
    for (name, _), ids in zip(said, tokens.ids(tokenizer, [text for _, text in said]), strict=True):
        captions[index[name]].append(ids)
    return Texts(dict(captions), _by_row(index, asked, tokenizer, mirrored=False), _by_row(index, asked, tokenizer, mirrored=True),
                 {index[name]: tag for name, tag in tags(said).items()})  # fmt: skip


def tags(said: list[tuple[str, str]]) -> dict[str, Tensor]:
    """(photo, caption) pairs -> photo -> [TAGS]: how many of its captions use each of the commonest telling words."""
    words: dict[str, list[set[str]]] = defaultdict(list)
    for name, text in said:
        words[name].append(set(score.words(text)))
    photos = Counter(word for captions in words.values() for word in set.union(*captions))
    telling = [
        word for word, count in sorted(photos.items(), key=lambda item: (-item[1], item[0])) if count <= COMMON * len(words)
    ]
    place = {word: number for number, word in enumerate(telling[:TAGS])}
    found: dict[str, Tensor] = {}
    for name, captions in words.items():
        found[name] = torch.zeros(TAGS)
        for caption in captions:
            found[name][[place[word] for word in caption if word in place]] += 1 / len(captions)
    return found


def _by_row(index: dict[str, int], asked: list[tuple[str, questions.Question]], tokenizer: BertTokenizerFast,
            mirrored: bool) -> dict[int, list[tuple[list[int], list[int]]]]:  # fmt: skip
    texts = [mirror(q.text) if mirrored else q.text for _, q in asked]
    both = zip(asked, tokens.ids(tokenizer, texts), tokens.ids(tokenizer, [q.answer for _, q in asked]), strict=True)
    found: dict[int, list[tuple[list[int], list[int]]]] = defaultdict(list)
    for (name, _), question, answer in both:
        found[index[name]].append((question, answer))
    return dict(found)


def mirror(question: str) -> str:
    """What the question is for the mirrored photo: left and right exchanged."""
    return " ".join({"left": "right", "right": "left"}.get(word, word) for word in question.split())
