"""What is asked of each of several photos, so that the answers can be compared: "which photo is brighter" as "how bright is it". Pure."""

import re

from inference.engine.questions.nouns import is_plural
from inference.engine.tasks.wording import with_article

_PHOTO = r"(?:photo|picture|image|one|pic|shot)s?"
_WHICH = rf"(?:in |on )?(?:which|what) {_PHOTO}(?: of (?:the two|them|these))?"
_WHICH_HAS = re.compile(
    rf"^{_WHICH}(?: has| have| shows?| contains?)?(?: are| is)?(?: there)? (?:the )?(?:more|most|fewer|fewest|less|least) "
    r"(?P<things>[\w -]+)$"
)
_WHICH_SHOWS = re.compile(
    rf"^{_WHICH} (?:has|have|shows?|contains?|is there|are there) (?:(?:the|an?|any|some) )?(?P<things>[\w -]+?)(?: in it| on it)?$"
)
_DEGREE = r"(?:(?P<adjective>[a-z]{2,}?)(?P<ending>i?er|i?est)|(?:more|most|less|least) (?P<long>[a-z]+))"
_IS_MORE = re.compile(rf"^{_WHICH} (?:is|are|looks?|seems?) (?:the )?{_DEGREE}(?: one)?$")
_THING_IS_MORE = re.compile(
    rf"^(?:{_WHICH} )?(?P<verb>is|are|has|have) (?P<thing>(?:the|that|this|his|her|its) [\w -]+?) (?:got |become |grown )?{_DEGREE}"
    rf"(?P<rest> (?:to|from|at) the [\w -]+?)?(?: (?:in|on) (?:the|this) (?:\w+ )?{_PHOTO}| than .*)?$"
)
_CHANGED = re.compile(
    r"^what (?:has )?(?:changed?|is different|differs|is new|is missing)(?P<place> (?:in|on|at|under|behind) (?:the|this|that) [\w -]+?)$"
)
_ASKED_OF_EACH = re.compile(r"^(?:is|are|was|were|does|do|did|has|have|can|how|what|who|where)\b")
_COMPARES = re.compile(r"\b(?:same|differ\w*|changed?|than|between|both|\w+er in|which (?:photo|picture|one))\b")
# "how big", never "how small": the pole by which a thing is measured.
_POLES = {"small": "big", "short": "tall", "young": "old", "low": "high", "narrow": "wide", "slow": "fast", "near": "close",
          "few": "many", "light": "dark", "thin": "thick", "dim": "bright"}  # fmt: skip


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


def is_comparison(question: str) -> bool:
    """Whether the answers to each photo have to be compared by the person who reads them."""
    return bool(_IS_MORE.match(question) or _THING_IS_MORE.match(question) or _CHANGED.match(question))


def _degree(match: re.Match[str]) -> str:
    if word := match["long"]:
        return word
    stem = match["adjective"]
    if match["ending"].startswith("i"):
        stem += "y"
    elif len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] in "bdgmnprt":
        stem = stem[:-1]  # bigger, redder
    elif stem + "e" in _WITH_E:
        stem += "e"
    return _POLES.get(stem, stem)


_WITH_E = frozenset(
    (
        "close",
        "large",
        "wide",
        "pale",
        "nice",
        "late",
        "safe",
        "loose",
        "white",
        "blue",
        "fine",
        "strange",
        "ripe",
        "rare",
        "true",
    )
)


def _is_there(things: str) -> str:
    return f"are there any {things}" if is_plural(things.split()[-1]) else f"is there {with_article(things)}"
