"""What somebody typed into the search, as words about photos. Pure."""

import re
from collections.abc import Sequence

from inference.planning.languages import gloss, multilingual
from inference.planning.languages.language import Language, languages
from inference.planning.languages.language import words_of as words_of_language
from inference.planning.reader.reader import bundled
from inference.planning.reader.words import words_of
from inference.search import naming

MOST_CHARS = 300
_PHOTOS = r"(?:photos?|photographs?|pictures?|pics?|images?|shots?)"
_FRAMES = re.compile(
    r"^(?:(?:please|can you|could you|show|find|search|get|give|list|look|display|where are|which of|i want|i need|"
    r"do i have|is there|are there)\b(?: (?:me|us|for|all|any|some|every|my|our|the|of|to see|please)\b)*\s*)+|"
    rf"\b(?:all|any|some|my|the)? ?{_PHOTOS} "
    r"(?:of|with|that (?:show|have|contain)|showing|containing|where|in which|from|about)\b|"
    rf"^(?:my|our|the|all|any)? ?{_PHOTOS}$|(?<=\w) {_PHOTOS}$|[?.!]+$"
)


def about(text: str, page: str = "") -> str:
    """Without the frame of the request, in English, slips mended: "Fotos mit Hunden" becomes "dogs". Empty where no words
    about a photo are left. `page`: code of the language of whoever asks, which settles what one word alone does not."""
    plain = _in_english(text[:MOST_CHARS], page).lower()
    for _ in range(3):  # "show me" first, then "photos of"
        plain = _FRAMES.sub(" ", plain).strip(" ,;:-")
    words = bundled().speller.mend(words_of(" ".join(plain.split())))
    return " ".join(word for word in words if word[:1].isalnum())


def _in_english(text: str, page: str) -> str:
    """English has "playa" and "chat", too. So words that a language knows all of are taken for its own where it is that of the
    page and they name something, or where they are several that name nothing in English: "un chat"."""
    if multilingual.of(text) is not None:
        return multilingual.plain_english(text)
    words = [word for word in words_of_language(text) if word[0].isalpha()]
    is_foreign = len(words) > 1 and not naming.JOINING & set(words) and not naming.things(text.lower())
    for language in languages():
        if not _knows(language, words):
            continue
        english = gloss.in_english(language, text)
        if is_foreign or (page.split("-")[0] == language.code and naming.things(english)):
            return english
    return text


def _knows(language: Language, words: Sequence[str]) -> bool:
    """All of the words, one of them by another word in English."""
    glosses = [language.glosses.get((word,)) for word in words]
    return None not in glosses and any(english not in ("", word) for word, english in zip(words, glosses, strict=True))
