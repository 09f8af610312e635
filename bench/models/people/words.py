"""Words of answers and of judgements in one form: lower case, singular, without articles, numbers as digits. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

from inference.engine.questions.nouns import NUMBERS

STOP = "|"  # stands for punctuation: no phrase reaches across it
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[,.;!?()]|:(?!\d)")
_KEEPS_S = ("ss", "us", "is", "as")
_DIGITS = {word: str(number) for number, word in enumerate(NUMBERS)}
NEGATIONS = frozenset({"not", "no", "without", "never"})


class Vocabulary(TypedDict):
    """vocabulary.json, in single words of one form, except for `compounds`."""

    articles: list[str]
    compounds: list[str]  # two words that mean something else than the second: a hot dog is no dog
    synonyms: dict[str, str]
    colours: list[str]
    amounts: dict[str, str]
    vague_amounts: list[str]
    modifiers: list[str]  # before a noun, they leave its kind as it is: a brown horse is a horse, an ice bear no black bear
    followers: list[str]  # after a noun, they tell that it ends there
    persons: list[str]
    claims: list[str]  # what the descriptions of small models often show where there is none


@cache
def vocabulary() -> Vocabulary:
    vocabulary: Vocabulary = json.loads((Path(__file__).parent / "vocabulary.json").read_text())
    return vocabulary


@dataclass(frozen=True)
class Words:
    """`words` without articles; `starts`: where an article stood, so that a noun phrase begins there."""

    words: tuple[str, ...]
    starts: frozenset[int]

    def __len__(self) -> int:
        return len(self.words)

    def find(self, phrase: Sequence[str]) -> Iterator[int]:
        """Where the phrase begins."""
        size = len(phrase)
        for start in range(len(self.words) - size + 1) if size else ():
            if self.words[start : start + size] == tuple(phrase):
                yield start

    def ends(self, end: int, verb: bool) -> bool:
        """Whether a phrase may end before `end`, as "dog" in "dog on a bed", but not in "dog bed"; no verb in "ride a bike"."""
        if end == len(self.words):
            return True
        following = self.words[end]
        return (end in self.starts and not verb) or following in (STOP, *vocabulary()["followers"]) or following.endswith("ing")

    def before(self, start: int) -> tuple[str, ...]:
        """What stands before `start` in the same noun phrase."""
        first = start
        while first and first not in self.starts and self.words[first - 1] not in (STOP, *vocabulary()["followers"]):
            first -= 1
        return self.words[first:start]

    def negated(self, start: int) -> bool:
        first = start - len(self.before(start))
        return bool(NEGATIONS & {*self.words[max(0, first - 1) : start]})


def words_of(text: str) -> Words:
    words: list[str] = []
    starts: set[int] = set()
    articles = vocabulary()["articles"]
    for token in _TOKEN.findall(text.lower().replace("’", "'").replace("-", " ")):
        if token in articles:
            starts.add(len(words))
            continue
        word = _regular(token)
        if words and (compound := f"{words[-1]} {word}") in _compounds():
            words[-1] = compound.replace(" ", "_")
        else:
            words.append(word)
    return Words(tuple(words), frozenset(starts))


def phrase_of(text: str) -> tuple[str, ...]:
    return words_of(text).words


def colours_in(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in phrase_of(text) if word in vocabulary()["colours"]}


@cache
def _compounds() -> frozenset[str]:
    return frozenset(" ".join(_regular(word) for word in compound.split()) for compound in vocabulary()["compounds"])


def _regular(token: str) -> str:
    if not token[0].isalnum():
        return STOP
    synonyms = vocabulary()["synonyms"]
    token = synonyms.get(token, token).removesuffix("'s")
    singular = _singular(token)
    return _DIGITS.get(singular, synonyms.get(singular, singular))


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(_KEEPS_S):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses", "zzes", "oes")):
        return word[:-2]
    return word[:-1]
