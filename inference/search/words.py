"""What somebody typed into the search, as words about photos. Pure."""

import re

from inference.planning.languages import multilingual
from inference.planning.reader.reader import bundled
from inference.planning.reader.words import words_of

MOST_CHARS = 300
_PHOTOS = r"(?:photos?|photographs?|pictures?|pics?|images?|shots?)"
_FRAMES = re.compile(
    r"^(?:(?:please|can you|could you|show|find|search|get|give|list|look|display|where are|which of|i want|i need|"
    r"do i have)\b(?: (?:me|us|for|all|any|some|every|my|our|the|of|to see|please))*\s*)+|"
    rf"\b(?:all|any|some|my|the)? ?{_PHOTOS} "
    r"(?:of|with|that (?:show|have|contain)|showing|containing|where|in which|from|about)\b|"
    rf"^(?:my|our|the|all|any)? ?{_PHOTOS}$|[?.!]+$"
)


def about(text: str) -> str:
    """Without the frame of the request, in English, slips mended: "Fotos mit Hunden" becomes "dogs". Empty where no words
    about a photo are left."""
    plain = multilingual.plain_english(text[:MOST_CHARS]).lower()
    for _ in range(3):  # "show me" first, then "photos of"
        plain = _FRAMES.sub(" ", plain).strip(" ,;:-")
    words = bundled().speller.mend(words_of(" ".join(plain.split())))
    return " ".join(word for word in words if word[:1].isalnum())
