"""What is asked of each of several photos, to compare the answers: "which photo is brighter" as "how bright is it". Pure."""

import re

from inference.engine.questions.nouns import is_plural
from inference.engine.tasks.wording import with_article
from inference.planning.several_photos.names import PHOTO_OR_ONE

_PHOTO = rf"{PHOTO_OR_ONE}s?"
_WHICH = rf"(?:in |on )?(?:which|what) {_PHOTO}(?: of (?:the two|them|these))?"
_WHICH_HAS = re.compile(
    rf"^{_WHICH}(?: has| have| shows?| contains?)?(?: are| is)?(?: there)? (?:the )?(?:more|most|fewer|fewest|less|least) "
    r"(?P<things>[\w -]+)$"
)
_WHICH_SHOWS = re.compile(
    rf"^{_WHICH} (?:has|have|shows?|contains?|is there|are there) "
    r"(?:(?:the|an?|any|some) )?(?P<things>[\w -]+?)(?: in it| on it)?$"
)
# "how big", never "how small": the pole by which a thing is measured.
_POLES = {"small": "big", "short": "tall", "young": "old", "low": "high", "narrow": "wide", "slow": "fast", "near": "close",
          "light": "dark", "thin": "thick", "dim": "bright"}  # fmt: skip
_MEASURED = [
    *_POLES, "big", "tall", "old", "high", "wide", "fast", "close", "dark", "thick", "bright", "large", "long", "deep",
    "full", "clean", "dirty", "busy", "green", "red", "pale", "ripe", "fresh", "sharp", "clear", "blurry", "tidy",
    "messy", "cloudy", "sunny", "wet", "dry", "heavy", "strong", "smooth", "rusty", "happy", "fat", "steep", "warm",
    "cold", "crowded", "damaged", "colourful",
]  # fmt: skip


def _forms(adjective: str) -> tuple[str, str]:
    """ "bigger" and "biggest"."""
    stem = adjective[:-1] + "i" if adjective.endswith("y") and adjective != "grey" else adjective.removesuffix("e")
    if re.search(r"(?<![aeiou])[aeiou][bdgmnt]$", stem) and not adjective.endswith("e"):
        stem += stem[-1]
    return f"{stem}er", f"{stem}est"


_BY_FORM = {form: adjective for adjective in _MEASURED for form in _forms(adjective)}
_DEGREE = rf"(?:(?P<form>{'|'.join(_BY_FORM)})|(?:more|most|less|least) (?P<long>[a-z]+))"
_IS_MORE = re.compile(rf"^{_WHICH} (?:is|are|looks?|seems?) (?:the )?{_DEGREE}(?: one)?$")
_THING_IS_MORE = re.compile(
    rf"^(?:{_WHICH} )?(?P<verb>is|are|has|have) (?P<thing>(?:the|that|this|his|her|its) [\w -]+?) "
    rf"(?:got |become |grown )?{_DEGREE}"
    rf"(?P<rest> (?:to|from|at) the [\w -]+?)?(?: (?:in|on) (?:the|this) (?:\w+ )?{_PHOTO}| than .*)?$"
)
_CHANGED = re.compile(
    r"^what (?:has )?(?:changed?|is different|differs|is new|is missing)"
    r"(?P<place> (?:in|on|at|under|behind) (?:the|this|that) [\w -]+?)$"
)
_ASKED_OF_EACH = re.compile(r"^(?:is|are|was|were|does|do|did|has|have|can|how|what|who|where)\b")
_COMPARES = re.compile(r"\b(?:same|differ\w*|changed?|than|between|both|\w+er in|which (?:photo|picture|one))\b")


def of_one_photo(question: str) -> str | None:
    """The question to each photo; None for what can be told only of both together. `question` is in lower case."""
    if match := _WHICH_HAS.match(question):
        things = match["things"]
        return f"how many {things} are there" if is_plural(things.split()[-1]) else f"how much {things} is there"
    if match := _WHICH_SHOWS.match(question):
        return _is_there(match["things"])
    if match := _IS_MORE.match(question):
        return f"how {_degree(match)} is it"
    if match := _THING_IS_MORE.match(question):
        are = "are" if match["verb"] in ("are", "have") else "is"
        return f"how {_degree(match)} {are} {match['thing']}{match['rest'] or ''}"
    if match := _CHANGED.match(question):
        return f"what is{match['place']}"
    return question if _ASKED_OF_EACH.match(question) and not _COMPARES.search(question) else None


def is_degree(form: str) -> bool:
    """Whether it compares: "higher", "more crowded"."""
    return form in _BY_FORM or form.startswith(("more ", "less "))


def positive(form: str) -> str:
    """ "bigger" and "biggest" as "big", "smaller" as "big" too: what is measured."""
    if form in _BY_FORM:
        return _POLES.get(_BY_FORM[form], _BY_FORM[form])
    stem = re.sub(r"(?:er|est)$", "", form)
    stem = f"{stem[:-1]}y" if stem != form and stem.endswith("i") else stem
    return re.sub(r"([bdgmnt])\1$", r"\1", stem) if stem != form else form


def is_comparison(question: str) -> bool:
    """Whether the answers to each photo have to be compared by the person who reads them."""
    return bool(_IS_MORE.match(question) or _THING_IS_MORE.match(question) or _CHANGED.match(question))


def _degree(match: re.Match[str]) -> str:
    adjective = match["long"] or _BY_FORM[match["form"]]
    return _POLES.get(adjective, adjective)


def _is_there(things: str) -> str:
    return f"are there any {things}" if is_plural(things.split()[-1]) else f"is there {with_article(things)}"
