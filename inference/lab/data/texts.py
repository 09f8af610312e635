"""Texts about the training photos: captions, and questions with answers."""

from collections import defaultdict
from pathlib import Path

from transformers import BertTokenizerFast

from inference.lab.data import alternatives, photo_sets, questions, tokens

QuestionAnswer = tuple[list[int], list[int]]  # token ids


def daquar_pairs(root: Path, split: str) -> list[questions.Question]:
    splits = photo_sets.daquar_splits(root)
    return [questions.Question(item["image"], "daquar", item["question"].strip() + "?", item["answer"].replace("_", " "))
            for item in photo_sets.daquar(root) if splits[item["image"]] == split]  # fmt: skip


def training_questions(root: Path) -> list[tuple[str, questions.Question]]:
    """(row name, question) of every training photo."""
    photos = [item for item in photo_sets.captions(root) if item["split"] == "train"]
    generated = [*questions.make(photos), *alternatives.make(photos)]
    return [
        *((f"flickr8k/images/{q.photo}", q) for q in generated),
        *((f"daquar/images/{q.photo}", q) for q in daquar_pairs(root, "train")),
    ]


def training_captions(root: Path) -> list[tuple[str, str]]:
    """(row name, caption) of every training photo."""
    return [
        (f"flickr8k/images/{item['image']}", clean(text))
        for item in photo_sets.captions(root)
        if item["split"] == "train"
        for text in item["captions"]
    ]


def clean(caption: str) -> str:
    return " ".join(caption.lower().replace('"', " ").split()).removesuffix(".").strip()


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
