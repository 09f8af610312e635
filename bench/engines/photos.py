"""The photos that engines answer about, each with a question: half are `everyday`, half are Flickr8k's test photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, cycle
from pathlib import Path
from typing import TypeVar

from inference.lab.data import photo_sets

Item = TypeVar("Item")
# Neighbours ask for different kinds of answer: yes or no, a number, a colour, a thing, one of two.
QUESTIONS = (
    "is there a dog?",
    "how many people are there?",
    "what colour is it?",
    "what is he doing?",
    "is it a dog or a cat?",
    "is it outdoors?",
    "how many animals are there?",
    "what colour is the background?",
    "what is in the background?",
    "is it a person or an animal?",
)


@dataclass(frozen=True)
class Photo:
    name: str  # its path in the folder of data sets
    file: str
    question: str


def choose(root: Path, count: int) -> list[Photo]:
    """An even sample, the two sets in turn. Raises SystemExit with the remedy if a set is missing."""
    everyday = [name for name, _ in photo_sets.everyday(root)]
    captioned = [f"flickr8k/images/{item['image']}" for item in photo_sets.captions(root) if item["split"] == "test"]
    halves = (sample(everyday, count - count // 2), sample(captioned, count // 2))
    names = alternating(*halves)
    photo_sets.require(root / names[0])
    return [Photo(name, str(root / name), question) for name, question in zip(names, cycle(QUESTIONS), strict=False)]


def sample(items: Sequence[Item], count: int) -> list[Item]:
    """`count` of them, spread evenly; all of them where there are fewer."""
    if count >= len(items):
        return list(items)
    return [items[at * len(items) // count] for at in range(count)]


def alternating(first: Sequence[Item], second: Sequence[Item]) -> list[Item]:
    """One of each in turn, then the rest of the longer one."""
    shared = min(len(first), len(second))
    pairs = chain.from_iterable(zip(first[:shared], second[:shared], strict=True))
    return [*pairs, *first[shared:], *second[shared:]]
