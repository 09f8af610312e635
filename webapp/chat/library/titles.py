"""Titles of conversations: one that is made from a question, and one that a person types."""

import unicodedata

from webapp.chat.models import TITLE_CHARS
from webapp.languages import lazy_number
from webapp.live.errors import UserError

ELLIPSIS = "…"
JOINER, LAST_SELECTOR, FIRST_SELECTOR = "\u200d", "\ufe0f", "\ufe00"
SKIN_TONES = range(0x1F3FB, 0x1F400)
SHORTEST = TITLE_CHARS // 2  # a title is not cut before here for the sake of a whole word


def from_question(question: str) -> str:
    """The question on one line; a long one is cut after a word, never inside a letter or an emoji."""
    text = _line(question)
    if len(text) <= TITLE_CHARS:
        return text
    end = TITLE_CHARS - len(ELLIPSIS)
    while end > 1 and _belongs_to_previous(text, end):
        end -= 1
    if not text[end].isspace() and (space := text.rfind(" ", SHORTEST, end)) > 0:
        end = space
    return text[:end].rstrip() + ELLIPSIS


def checked(title: str) -> str:
    """What a person typed, on one line. Raises UserError."""
    text = _line(title)
    if all(unicodedata.category(character) in ("Cf", "Zs") for character in text):  # nothing, or nothing to be seen
        raise UserError("empty_title", "The title is empty.", "Type one, or keep the one it has.", 422)
    if len(text) > TITLE_CHARS:
        raise UserError(
            "title_too_long",
            "The title has %(count)s characters; the limit is %(limit)s.",
            "Shorten it.",
            422,
            {"count": lazy_number(len(text), 0), "limit": TITLE_CHARS},
        )
    return text


def _line(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def _belongs_to_previous(text: str, at: int) -> bool:
    here = text[at]
    joined = JOINER in (here, text[at - 1]) or FIRST_SELECTOR <= here <= LAST_SELECTOR or ord(here) in SKIN_TONES
    return joined or unicodedata.category(here) in ("Mn", "Mc", "Me")
