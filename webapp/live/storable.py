"""Text that no database can store: NUL, and halves of surrogate pairs, which JSON can spell. Refused at every way in."""

from typing import TypeVar

from webapp.live.errors import UserError

Value = TypeVar("Value")
UNSTORABLE = UserError(
    "unsupported_character",
    "The text contains a character that cannot be stored.",
    "Remove NUL characters and half emoji (lone surrogates), then try again.",
    422,
)


def is_storable(value: object) -> bool:
    """Whether all text in a value as JSON has them can be stored, keys included."""
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or _is_unicode(value))
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(inner) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return all(is_storable(inner) for inner in value)
    return True


def storable(value: Value) -> Value:
    """The value itself. Raises UserError."""
    if not is_storable(value):
        raise UNSTORABLE
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
