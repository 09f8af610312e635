"""A message as the words that the reader sees: lower case, emoji by their names, addresses as one word.

A word is what is copied into a plan as a whole; its pieces (WordPiece) are what the network reads.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_CHARS = 32  # of a word
TOKEN_PIECES = 5  # of a written word that the decoder reads
LAST = 2  # questions of the conversation that are read again
MOST_CONTEXT = 16  # words of each of them
ADDRESS = "url"
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b", re.IGNORECASE)
_WORD = re.compile(r"\n+|\d+(?:[.,:]\d+)+|[^\W_]+(?:'[^\W_]+)*|[^\w\s]|_+")
_GENITIVE = re.compile(r"(?<=\w\w)'s$")


def words_of(text: str) -> list[str]:
    """Words, numbers and single punctuation marks in order; line breaks as one mark."""
    text = _ADDRESS.sub(f" {ADDRESS} ", unicodedata.normalize("NFKC", text)).replace("’", "'")
    text = "".join(map(_plain, text)).lower()
    words = list[str]()
    for word in _WORD.findall(text):
        if word[0] == "\n":
            words.append("\n")
            continue
        stem = _GENITIVE.sub("", word)
        words += [stem[:MOST_CHARS], "'s"] if stem != word else [word[:MOST_CHARS]]
    return words


def context_words(earlier: Sequence[tuple[str, str]], photos: int, runs: Sequence[str]) -> list[str]:
    """What came before a message, as words in front of it: how many photos, which runs, the last two questions with answers."""
    words = ["photos", str(photos)] if photos > 1 else []
    for run in runs:
        words += words_of(run)
    for question, answer in earlier[-LAST:]:
        words += ["asked", *words_of(question)[:MOST_CONTEXT], "answered", *words_of(answer)[:MOST_CONTEXT]]
    return words


def _plain(character: str) -> str:
    """A character, the name of a symbol, or nothing for those without a shape."""
    category = unicodedata.category(character)
    if category == "So":
        return f" {unicodedata.name(character, '').lower().replace('-', ' ')} "
    if category in ("Cf", "Mn", "Cs", "Co", "Cn"):
        return ""
    return " " if category == "Cc" and character != "\n" else character


@dataclass(frozen=True)
class PieceSequence:
    """What the encoder reads: pieces, which of them are the message's, and where the words begin. The first word stands for
    the whole."""

    pieces: list[int]
    is_message: list[int]
    first: list[int]


class Pieces:
    """The pieces of words, by a vocabulary with a piece on each line."""

    def __init__(self, vocabulary: Path) -> None:
        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
        ids = {piece: number for number, piece in enumerate(pieces)}
        self._vocabulary = vocabulary
        self._ids = lru_cache(maxsize=20_000)(self._of)
        self.count = len(pieces)
        self.whole = [piece for piece in pieces if piece.isalpha()]
        self.first, self.separator, self.line_break = ids["[CLS]"], ids["[SEP]"], ids["[unused1]"]

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer
        from tokenizers.models import WordPiece
        from tokenizers.pre_tokenizers import BertPreTokenizer

        tokenizer = Tokenizer(WordPiece.from_file(str(self._vocabulary), unk_token="[UNK]"))  # noqa: S106 - no password
        tokenizer.pre_tokenizer = BertPreTokenizer()
        return tokenizer

    def sequence(self, words: Sequence[str], start: int, most: int) -> PieceSequence:
        """Of words of which the message begins at `start`; at most `most` pieces, and the words that do not fit left out."""
        pieces, is_message, first = [self.first], [0], [0]
        for number, word in enumerate(self.of(words)):
            if number == start and number:
                pieces.append(self.separator)
                is_message.append(0)
            if len(pieces) + len(word) >= most:
                break
            first.append(len(pieces))
            pieces += word
            is_message += [int(number >= start)] * len(word)
        return PieceSequence([*pieces, self.separator], [*is_message, 1], first)

    def of(self, words: Sequence[str]) -> list[list[int]]:
        """The ids of each word's pieces, at least one."""
        return [self._ids(word) for word in words]

    def _of(self, word: str) -> list[int]:
        ids: list[int] = [] if word == "\n" else self._tokenizer.encode(word, add_special_tokens=False).ids
        return ids or [self.line_break]
