"""Whether models can know what a watch is to look for. They read English; words of other languages are translated."""

import re
from functools import lru_cache

from django.utils.translation import gettext_noop

from inference.engine.questions import presence
from inference.planning.languages import gloss
from inference.planning.languages.language import languages
from inference.planning.reader.reader import bundled
from inference.planning.reader.words import words_of
from webapp.live.errors import UserError

UNKNOWN = gettext_noop("No model knows what “%(thing)s” is.")
EXAMPLES = gettext_noop("Name a thing that can be seen, for example: dog, person, car.")
_OWN = re.compile(r"^(?:an?|the|any|some|my|our) ", re.IGNORECASE)


@lru_cache(maxsize=1024)
def in_english(thing: str) -> str:
    """ "Hund" -> "dog". Raises UserError for what is a word of no language that is understood."""
    thing = _OWN.sub("", " ".join(thing.split()))
    if is_familiar(thing):
        return thing
    for language in languages():
        words = gloss.in_english(language, thing).split()
        for english in (" ".join(words), " ".join(reversed(words))):  # the adjective may follow: "gato negro"
            if english != thing.lower() and is_familiar(english):
                return english
    if _is_english(thing):
        return thing
    meant = " ".join(bundled().speller.mend(words_of(thing)))
    if meant != thing.lower() and is_familiar(meant):
        raise UserError(
            "unknown_thing", UNKNOWN, "Did you mean “%(meant)s”?", 422, {"thing": thing[:60], "meant": meant[:60]}
        )  # fmt: skip
    raise UserError("unknown_thing", UNKNOWN, EXAMPLES, 422, {"thing": thing[:60]})


def is_familiar(thing: str) -> bool:
    """Whether the bundled classifier has a class of it. Of anything else the models are rarely sure."""
    wanted = presence.of(f"is there {thing.strip().lower()}".rstrip("?"))
    return wanted is not None and presence.is_known(wanted.subject)


def _is_english(text: str) -> bool:
    """Words of one letter count for nothing."""
    words = [word for word in words_of(text) if word.isalpha() and len(word) > 1]
    return bool(words) and all(bundled().speller.is_english(word) for word in words)
