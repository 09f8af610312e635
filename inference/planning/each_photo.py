"""One request about each of several photos: "in each of the three photos count the people". One step per photo. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.planning.context import ParsedStep, moved
from inference.planning.plan import DRAFTS, MAX_STEPS
from inference.planning.rules.numerals import ONES
from inference.planning.several_photos.names import PHOTO_OR_ONE, PHOTO_WORD

FEWER = "The conversation has {there}, not {count}."
SOME = "A plan has at most {most} steps, so I looked at the last {looked}; a batch asks about many photos at once."
_COUNT = r"\d{1,3}|" + "|".join(list(ONES)[2:13])
_EACH = re.compile(
    r"\b(?:each|every|all|both)(?: single)?(?: one)?(?: of)?(?: (?:the|these|those|my|our))?"
    rf"(?: last)?(?: (?P<count>{_COUNT}))?(?: last)? {PHOTO_WORD}s?\b"
    r"(?: (?:so far|in this conversation|above))?",
    re.IGNORECASE,
)
_ONE = PHOTO_OR_ONE
# "in this photo and in the one before"
_AND_BEFORE = re.compile(
    rf"\b(?:(?:in|on|of|from) (?:this|the) {_ONE}|here|now),? and (?:also )?(?:(?:in|on|of|from) )?"
    rf"(?:the |my )?(?:(?:previous|last|earlier) {_ONE}|{_ONE} before)\b"
    rf"|\b(?:(?:in|on|of|from) )?(?:the |my )?(?:(?:previous|last|earlier) {_ONE}|{_ONE} before),? "
    rf"(?:and(?: also)?|as well as) "
    rf"(?:(?:in|on|of|from) )?(?:this(?: {_ONE})?|here)\b",
    re.IGNORECASE,
)
# "still standing in both?"
_IN_BOTH = re.compile(r" (?:in|on|of) both(?: of (?:them|these|those))?(?=\s*[?.!]*$)", re.IGNORECASE)
_FOR_THIS = re.compile(r",? ?\bfor this photo\b,?(?= ?\w)", re.IGNORECASE)
_HERE = re.compile(r" (?:in|on|of|from) this photo\b")
# What is asked of several photos at once is no question about each.
_TOGETHER = re.compile(
    r"\b(?:compare|contrast|differ\w*|same|which (?:photo|picture|image|one)|between|similar|in common|except|other than)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class EachPhoto:
    """`text`: the request as it is of one photo. `count`: how many it speaks of; 0 where it does not say."""

    text: str
    count: int


def each_photo(message: str) -> EachPhoto | None:
    """None where a message is about one photo, or about several together."""
    if not _TOGETHER.search(message) and _AND_BEFORE.search(message):
        return EachPhoto(_AND_BEFORE.sub("in this photo", message), 2)
    if not _TOGETHER.search(message) and _IN_BOTH.search(message):
        return EachPhoto(_IN_BOTH.sub(" in this photo", message), 2)
    match = _EACH.search(message)
    if match is None or _TOGETHER.search(message):
        return None
    word = (match["count"] or "").lower()
    count = int(word) if word.isdecimal() else ONES.get(word, 0)
    if not count and match[0].lower().startswith("both"):
        count = 2
    return EachPhoto(_FOR_THIS.sub("", _EACH.sub("this photo", message)), count)


def of_each(steps: Sequence[ParsedStep], count: int, photos: int) -> tuple[tuple[ParsedStep, ...], list[str]]:
    """The steps for each photo, the oldest first, and what has to be said of that. `count`: how many of the latest are meant;
    0: all `photos` of the conversation."""
    remarks = list[str]()
    if count > photos:
        remarks.append(FEWER.format(there="one photo" if photos == 1 else f"{photos} photos", count=count))
    spread, more = of_photos(steps, [*reversed(range(min(count or photos, photos)))])
    return spread, [*remarks, *more] if steps else []


def of_photos(steps: Sequence[ParsedStep], befores: Sequence[int]) -> tuple[tuple[ParsedStep, ...], list[str]]:
    """The steps for each of these photos, and what has to be said of that: a plan has room for so many steps only."""
    if not steps or any(step.before or step.task in DRAFTS for step in steps):
        return tuple(steps), []
    looked = max(1, min(len(befores), MAX_STEPS // len(steps)))
    remarks = [SOME.format(most=MAX_STEPS, looked=looked)] if looked < len(befores) else []
    result = list[ParsedStep]()
    for before in befores[-looked:]:
        offset = len(result)
        result += [_of_photo(step, before, offset) for step in steps]
    return tuple(result), remarks


def _of_photo(step: ParsedStep, before: int, offset: int) -> ParsedStep:
    """Its question need not say that it is about this photo."""
    question = _HERE.sub("", re.sub(r"\b(is|are) (?:in|on) this photo\b", r"\1 there", step.question))
    return replace(moved(replace(step, question=question), offset), before=before)
