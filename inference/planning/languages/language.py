"""One language: the English of its words and phrases, and its words for answers. Read from words/CODE.txt.

A file has four sections, each of lines `left = right`, where the left side of the second may have several forms with commas:

    [language]      its name, and how its sentences are put together
    [to English]    words and phrases of messages; nothing on the right for what is left out
    [answers]       English words of answers
    [sentences]     English sentences of answers
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
SECTIONS = ("language", "to English", "answers", "sentences")
_WORD = re.compile(r"\n+|\d+(?:[.,:]\d+)*|[^\W\d_]+|[^\w\s]")
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_LATIN_OR_ONE = re.compile(r"[a-zà-ɏ]+|.")  # "用cifar": the letters beside a character are a word of their own


@dataclass(frozen=True)
class Language:
    code: str
    name: str
    english: str  # its name in English
    glosses: Mapping[tuple[str, ...], str]  # of words or phrases
    answers: Mapping[str, str]
    sentences: Mapping[str, str]

    @cached_property
    def longest(self) -> int:
        """Words of its longest phrase."""
        return max(map(len, self.glosses))

    @cached_property
    def words(self) -> frozenset[str]:
        """That stand in it alone."""
        return frozenset(phrase[0] for phrase in self.glosses if len(phrase) == 1)


def words_of(text: str) -> list[str]:
    """In lower case, with punctuation; Chinese character by character. An apostrophe ends a word: "l' homme"."""
    text = unicodedata.normalize("NFC", text).replace("’", "'").lower()
    words = list[str]()
    for word in _WORD.findall(text):
        if word == "'" and words and words[-1].isalpha():
            words[-1] += word
        else:
            words += _LATIN_OR_ONE.findall(word) if _HAN.search(word) else [word]
    return words


def _phrase(form: str) -> tuple[str, ...]:
    """As `words_of`, but quick for the many forms that are one word."""
    return (form,) if form.isalpha() and not _HAN.match(form) else tuple(words_of(form))


def read(file: Path) -> Language:
    """Raises ValueError for a line that is none of the four kinds."""
    sections: dict[str, list[tuple[str, str]]] = {name: [] for name in SECTIONS}
    section = ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        left, is_pair, right = line.partition(" =")
        if not line or line.startswith("#"):
            continue
        if section not in sections or not is_pair:
            raise ValueError(f"{file.name}, line {number}: expected a section or “left = right”, not “{line[:60]}”")
        sections[section].append((left.strip(), right.strip()))
    glosses = {_phrase(form.strip()): english for forms, english in sections["to English"] for form in forms.split(",")}
    facts = dict(sections["language"])
    return Language(file.stem, facts["name"], facts["english"], glosses, dict(sections["answers"]), dict(sections["sentences"]))


UNKNOWN = "I do not understand this language. I understand {names}. Ask, for example: what is in this photo?"


@cache
def unknown_language() -> str:
    """What is said of a message in a language without a file."""
    *names, last = sorted(["English", *(language.english for language in languages())])
    return UNKNOWN.format(names=f"{', '.join(names)} and {last}" if names else last)


@cache
def languages() -> tuple[Language, ...]:
    """Every language that has a file, besides English."""
    return tuple(read(file) for file in sorted(FOLDER.glob("*.txt")))
