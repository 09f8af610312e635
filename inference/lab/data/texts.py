"""Texts about the training photos: captions, questions with answers, and distinctive caption words (tags)."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import BertTokenizerFast

from inference.lab.data import photo_sets, questions, tokens
from inference.lab.measures import score
from inference.lab.tower.shape import TAGS

COMMON = 0.4  # a word in the captions of more than this share of the photos is not distinctive
QuestionAnswer = tuple[list[int], list[int]]  # token ids


@dataclass
class Texts:
    """Captions and (question, answer) pairs as token ids, by row of the photo array."""

    captions: dict[int, list[list[int]]]
    pairs: dict[int, list[QuestionAnswer]]
    mirrored: dict[int, list[QuestionAnswer]]  # the same with left and right exchanged
    tags: dict[int, Tensor]  # [TAGS]


def daquar_pairs(root: Path, split: str) -> list[questions.Question]:
    splits = photo_sets.daquar_splits(root)
    return [questions.Question(item["image"], "daquar", item["question"].strip() + "?", item["answer"].replace("_", " "))
            for item in photo_sets.daquar(root) if splits[item["image"]] == split]  # fmt: skip


def training_questions(root: Path) -> list[tuple[str, questions.Question]]:
    """(row name, question) of every training photo."""
    generated = questions.make([item for item in photo_sets.captions(root) if item["split"] == "train"])
    return [
        *((f"flickr8k/images/{q.photo}", q) for q in generated),
        *((f"daquar/images/{q.photo}", q) for q in daquar_pairs(root, "train")),
    ]


def training_captions(root: Path) -> list[tuple[str, str]]:
    """(row name, caption) of every training photo. The 94 photos outside the official splits train the tower alone."""
    return [
        (f"flickr8k/images/{item['image']}", clean(text))
        for item in photo_sets.captions(root)
        if item["split"] == "train"
        for text in item["captions"]
    ]


def clean(caption: str) -> str:
    return " ".join(caption.lower().replace('"', " ").split()).removesuffix(".").strip()


def read_texts(photos: photo_sets.Photos, tokenizer: BertTokenizerFast, root: Path) -> Texts:
    index, pairs, captioned = photos.index(), training_questions(root), training_captions(root)
    captions: dict[int, list[list[int]]] = defaultdict(list)
    for (name, _), ids in zip(captioned, tokens.ids(tokenizer, [text for _, text in captioned]), strict=True):
        captions[index[name]].append(ids)
    return Texts(
        dict(captions),
        by_row(index, pairs, tokenizer, mirrored=False),
        by_row(index, pairs, tokenizer, mirrored=True),
        {index[name]: tag for name, tag in tags(captioned).items()},
    )


def tags(captioned: list[tuple[str, str]]) -> dict[str, Tensor]:
    """(photo, caption) pairs -> photo -> [TAGS]: the share of its captions that use each of the most frequent distinctive
    words.
    """
    words: dict[str, list[set[str]]] = defaultdict(list)
    for name, text in captioned:
        words[name].append(set(score.words(text)))
    photos = Counter(word for captions in words.values() for word in set.union(*captions))
    distinctive = [
        word for word, count in sorted(photos.items(), key=lambda item: (-item[1], item[0])) if count <= COMMON * len(words)
    ]
    place = {word: number for number, word in enumerate(distinctive[:TAGS])}
    by_photo: dict[str, Tensor] = {}
    for name, captions in words.items():
        by_photo[name] = torch.zeros(TAGS)
        for caption in captions:
            by_photo[name][[place[word] for word in caption if word in place]] += 1 / len(captions)
    return by_photo


def by_row(index: dict[str, int], pairs: list[tuple[str, questions.Question]], tokenizer: BertTokenizerFast,
            mirrored: bool) -> dict[int, list[QuestionAnswer]]:  # fmt: skip
    texts = [mirror(q.text) if mirrored else q.text for _, q in pairs]
    tokenised = zip(pairs, tokens.ids(tokenizer, texts), tokens.ids(tokenizer, [q.answer for _, q in pairs]), strict=True)
    rows: dict[int, list[QuestionAnswer]] = defaultdict(list)
    for (name, _), question, answer in tokenised:
        rows[index[name]].append((question, answer))
    return dict(rows)


def mirror(question: str) -> str:
    """The same question about the mirrored photo: left and right exchanged."""
    return " ".join({"left": "right", "right": "left"}.get(word, word) for word in question.split())
