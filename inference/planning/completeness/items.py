"""A message that is a list: "1) make of the car 2) its colour", "describe the hallway; count the doors; any cables?". Pure.

Each item is read by itself. The reader learnt from messages that ask for one to three things, and leaves out what is fourth.
"""

import re
from dataclasses import dataclass

from inference.planning.phrasing import fragments

LEAST, MOST = 2, 8
LEAST_WORDS = 3  # "first" and "second" alone say other things too
LONG = 7  # words of a part without a mark, from which on it may be a sentence of its own, or a part of one
_COUNTED = ("first", "second", "third", "fourth", "fifth")
_MARK = re.compile(
    r"(?:^|(?<=[\s:,;.]))(?:\(?(?P<mark>[a-h]|[1-9])\)|(?P<number>[1-9])\.(?=\s)"
    rf"|(?P<word>{'|'.join(_COUNTED)})(?:ly)?\b,?)\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"\s*(?:is|are|was|were|does|do|did|can|has|have|wh\w+|how)\b", re.IGNORECASE
)  # commas within it: an insertion
_MARKS = re.compile(r"[?;\n]+\s*|[.!]+(?:\s+|$)|\s[/+]\s")
_BULLET = re.compile(r"^\s*[-*•–]\s+", re.MULTILINE)
_JOINED = re.compile(r"\s*(?:,?\s*\band|,|;|&|\+)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Items:
    """`texts` in their order; `ahead` is what stands before the first. `in_words`: only marks of punctuation part them."""

    texts: list[str]
    ahead: str = ""
    in_words: bool = False


def items(message: str) -> Items | None:
    """None for a message that is no list."""
    kinds = (_enumerated, _bullets, _fragments, _behind_semicolons, _behind_colon, _between_commas)
    result = next(filter(None, (kind(message) for kind in kinds)), None)
    return result if result and LEAST <= len(result.texts) <= MOST else None


def _enumerated(message: str) -> Items | None:
    """Marks that count up from the first: a, b, c or 1, 2, 3 or first, second."""
    wanted, marks = 1, []
    for match in _MARK.finditer(message):
        if _place(match) == wanted:
            marks.append(match)
            wanted += 1
    if len(marks) < (LEAST_WORDS if marks and marks[0]["word"] else LEAST):
        return None
    ends = [match.start() for match in marks[1:]] + [len(message)]
    return _made([message[match.end() : end] for match, end in zip(marks, ends, strict=True)], message[: marks[0].start()])


def _place(match: re.Match[str]) -> int:
    if word := match["word"]:
        return _COUNTED.index(word.lower()) + 1
    mark = (match["mark"] or match["number"]).lower()
    return int(mark) if mark.isdigit() else ord(mark) - ord("a") + 1


def _bullets(message: str) -> Items | None:
    ahead, *texts = _BULLET.split(message)
    return _made(texts, ahead) if len(texts) >= LEAST else None


def _fragments(message: str) -> Items | None:
    """A few words each, between any marks, and whole questions among them: "Species. Dead wood y/n. Is it tall?"."""
    ahead, colon, rest = message.partition(": ")
    is_ahead = colon and len(ahead.split()) < LONG and not _MARKS.search(ahead) and ": " not in rest
    ahead, rest = (ahead, rest) if is_ahead else ("", message)
    texts = [text for text in (part.strip(" ,-–") for part in _MARKS.split(rest)) if text]
    short = [text for text in texts if fragments.question_of(text)]
    is_list = len(short) >= LEAST and all(text in short or fragments.is_question(text) for text in texts)
    return Items(texts, ahead.strip(), in_words=True) if is_list and all(map(_is_short, texts)) else None


def _behind_semicolons(message: str) -> Items | None:
    texts = message.split(";")
    return _made(texts, "") if len(texts) > LEAST and all(map(_is_short, texts)) else None


def _behind_colon(message: str) -> Items | None:
    """Short parts between commas, at the end of a message."""
    ahead, _, rest = message.partition(": ")
    listed = _between_commas(rest)
    return Items(listed.texts, ahead.strip()) if listed else None


def _between_commas(message: str) -> Items | None:
    """Short parts, and nothing else."""
    texts = message.split(",")
    is_sentence = _SENTENCE.match(message) or re.search(r"[.!?]\s", message)
    is_list = len(texts) > LEAST and all(map(_is_short, texts)) and not is_sentence
    return _made(texts, "") if is_list else None


def _is_short(text: str) -> bool:
    return 0 < len(text.split()) < LONG


def _made(texts: list[str], ahead: str) -> Items:
    bare = (_JOINED.sub("", text).strip(" ,;\n") for text in texts)
    return Items([text for text in bare if text], ahead.strip())
