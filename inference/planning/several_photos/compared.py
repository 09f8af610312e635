"""A thing compared with itself on an earlier photo: "is the fence higher than in the first shot", "more cars here than yesterday".
Each photo is asked the same, the older one first. Pure."""

import re
from dataclasses import dataclass

from inference.engine.questions.nouns import is_plural
from inference.planning.reader import comparisons
from inference.planning.rules import photo_references

_PHOTO = r"(?:photo|photograph|picture|image|pic|shot|snap|one)"
_WHEN = (
    rf"(?:(?:(?:it|they|he|she|there) (?:is|are|was|were|did|had|has|have) )?(?:in |on |from )?(?:the |my )?(?:very )?(?P<which>first|oldest|previous|last|earlier|other|old|prior) {_PHOTO}"
    rf"|(?:it|they|he|she|there) (?:is|was|were|did|had)(?: before| yesterday| earlier| last \w+)?|(?:in |on )?the {_PHOTO} before|before|yesterday|earlier|last (?:time|week|month|year)"
    rf"|(?:a|an|one|two|\d+) \w+ ago|the day before)"
)
_TAIL = rf"(?: (?:here|now|today|in (?:this|the new) {_PHOTO}|in the (?:second|new|latest) {_PHOTO}))?"
_SENT = r"(?: (?:that |which )?(?:i|we) (?:sent|took|uploaded|posted|gave you|showed you|shared)\b.*)?"
_THAN = rf"(?: (?:than|what|compared (?:to|with)|since) (?:on |in )?{_WHEN}{_SENT})"
_MORE = re.compile(
    rf"^(?:(?:is|are) there |there (?:is|are) |do you see |can you see |(?:has|have) it got )?(?P<more>more|fewer|less|as many|additional) (?P<things>(?:(?!here\b|now\b|than\b|in\b|on\b|what\b)[a-z-]+ ?){{1,3}}?)"
    rf"(?P<place> (?:in|on|at) the (?!(?:first|second|last|previous|other|new)\b)[a-z ]+?)?{_TAIL}{_THAN}(?: (?:in|on) the (?:photo|picture|image)(?: of .*)?)?$"
)
_THING = re.compile(
    rf"^(?P<verb>is|are|has|have|did|does|do) (?P<thing>(?:the|that|this|his|her|its|my|our|their) [\w -]+?|it|they|he|she) (?:(?:got|gotten|become|grown|look|looks|look(?:ing)?|seem|get|grow) )?"
    rf"(?P<how>(?:any |much |a bit |a little )?(?:[a-z]+er|more [a-z]+|less [a-z]+|worse|better)){_TAIL}{_THAN}$"
)
_BARE = re.compile(rf"^(?P<verb>is|are|has|have) (?P<thing>(?:the|his|her|its|my|our) [\w -]+?) (?:got|become|grown|gotten) (?P<how>[a-z]+er|more [a-z]+|worse)$")
_WHICH = re.compile(
    rf"^(?:(?:in|on) )?which (?:of (?:the|these|those|my|both) (?:two |2 |three |3 )?)?{_PHOTO}s? (?:has|have|shows?|is|contains?|did|does)(?: the)?(?: (?P<who>[\w ]+?) with)? the (?P<how>[a-z]+(?:er|est)) (?P<thing>[a-z][\w -]*)$"
)


@dataclass(frozen=True)
class Compared:
    """`question`: to each photo. `befores`: how many photos back they are, the oldest first."""

    question: str
    befores: tuple[int, ...]


def compared(message: str, earlier: int) -> Compared | None:
    """None for what is no such comparison. `earlier`: photos before the one at hand."""
    text = " ".join(message.lower().replace("’", "'").split()).strip(" ?.!")
    text = re.sub(r"^(?:and|so|hey|ok|please|pls|tell me|say|now|,|whether|if)[ ,]+", "", text)
    if photo_references.counted(text, earlier):  # the tables have it
        return None
    if match := _MORE.match(text):
        things = match["things"].strip()
        asks = f"how many {things} are" if is_plural(things) or things in ("people", "sheep", "children") else f"how much {things} is"
        return Compared(f"{asks} there{match['place'] or ''}", _back(match["which"], earlier))
    if match := _THING.match(text) or _BARE.match(text):
        thing, verb = match["thing"], "are" if match["verb"] in ("are", "have", "do") else "is"
        question = comparisons.of_one_photo(f"{verb} {thing} {_plain(match['how'])}" if " " in thing else f"{verb} the {thing} {_plain(match['how'])}")
        if question is None or not question.startswith("how "):
            return None
        question = question if " " in thing else question.replace(f"the {thing}", thing)
        return Compared(question, _back(match.groupdict().get("which"), earlier))
    if match := _WHICH.match(text):
        question = comparisons.of_one_photo(f"is the {match['thing']} {match['how']}")
        if question and question.startswith("how "):
            are = question.replace(" is the ", " are the ") if is_plural(match["thing"]) else question
            return Compared(are, tuple(range(earlier, -1, -1)))
    return None


def _plain(how: str) -> str:
    return re.sub(r"^(?:any|much|a bit|a little) ", "", how)


def _back(which: str | None, earlier: int) -> tuple[int, int]:
    return (earlier if which in ("first", "oldest") else 1, 0)
