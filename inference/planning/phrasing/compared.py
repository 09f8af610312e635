"""What is compared with an earlier photo of the conversation, or between all of them: "is the fence higher than in the first shot",
"which of the three has the fewest weeds". Each photo is asked the same, the oldest first. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from inference.engine.questions.nouns import is_plural
from inference.planning.reader import comparisons
from inference.planning.rules import photo_references
from inference.planning.several_photos import together
from inference.planning.several_photos.names import PHOTO_WORD

_NOUN = rf"{PHOTO_WORD}s?"
_PHOTO = rf"(?:{_NOUN}|one)"
_REFERENCE = (
    rf"(?:(?:(?:it|they|he|she|there) (?:is|are|was|were|did|had|has|have|looked?) )?(?:in |on |from )?(?:the |my )?(?:very )?"
    rf"(?P<which>first|oldest|previous|last|earlier|other|old|prior)(?: {_PHOTO})?(?: (?:i|we) [a-z ]+)?"
    rf"|(?:in |on |from )?the {_PHOTO} (?:before|(?:that |which )?(?:i|we) (?:sent|took|had|uploaded|posted|showed)\b.*)"
    r"|(?:it|they|he|she|there) (?:is|was|were|did|had)(?: before| yesterday| earlier| last \w+)?|before|yesterday|earlier|then|last (?:time|week|month|year|night)"
    r"|(?:a|an|one|two|three|\d+) \w+ ago|the day before|(?:in |on )?(?:photo|picture|pic) (?:one|1))"
)
_HERE = rf"(?: (?:here|now|today|in (?:this|the new|that) {_PHOTO}|(?:in|on) the (?:second|new|latest|last)(?: {_PHOTO})?))?"
_THAN = rf"(?:,? (?:than|what|compared (?:to|with)|since|from|relative to) (?:on |in )?{_REFERENCE})"
_SENT = r"(?: (?:that |which )?(?:i|we) (?:sent|took|uploaded|posted|gave you|showed you|shared)\b.*)?"
_MORE_WORDS = r"more|fewer|less|as many|as much|additional|the same number of"
_THINGS = r"(?P<things>(?:(?!here\b|now\b|than\b|in\b|on\b|what\b|or\b|of\b)[a-z-]+ ?){1,3}?)"
_MORE = re.compile(
    rf"^(?:(?:is|are) there |there (?:is|are) |do you see |can you see |(?:has|have|does|do|did) (?:it|they|he|she|we)(?: have| got)? )?(?:any )?(?P<more>{_MORE_WORDS}) {_THINGS}"
    rf"(?P<place> (?:in|on|at) the (?!(?:first|second|last|previous|other|new)\b)[a-z ]+?)?{_HERE}{_THAN}{_SENT}(?: (?:in|on) the {_NOUN}(?: of .*)?)?$"
)
_WHO = r"(?:the|that|this|his|her|its|my|our|their|your) [\w -]+?|it|they|he|she"
_DEGREE = r"(?:any |much |a bit |a little )?(?P<how>[a-z]+er|more [a-z]+|less [a-z]+|worse|better)"
_THING = re.compile(
    rf"^(?P<verb>is|are|has|have|did|does|do) (?P<thing>{_WHO}) (?P<do>(?:got|gotten|become|grown|looks?|seems?|get|grow|been) )?{_DEGREE}{_HERE}{_THAN}{_SENT}$"
)
_BARE = re.compile(rf"^(?P<verb>is|are|has|have) (?P<thing>{_WHO}) (?:got|become|grown|gotten) {_DEGREE}$")
_BARER = re.compile(rf"^(?P<verb>is|are) (?P<thing>{_WHO}) {_DEGREE}{_HERE}$")
_HAS_THE = re.compile(
    rf"^(?:(?:in|on) )?which (?:of (?:the|these|those|my|both) (?:two |2 |three |3 )?)?{_PHOTO} (?:has|have|shows?|is|contains?|did|does)(?: the)?(?: [\w ]+? with)? "
    r"the (?P<how>[a-z]+(?:er|est)) (?P<thing>[a-z][\w -]*)$"
)
_WHICH = re.compile(rf"^(?:(?:in|on) )?which(?: of (?:the|these|those|my)(?: {_NOUN})?| {_PHOTO})\b")
_THE_TWO = re.compile(
    rf",? (?:in |on )?(?:(?:this|that|the) (?:one|first|second|last|new|old|{_PHOTO})|first|photo (?:one|two|\d))(?: {_PHOTO})? or (?:in |on )?(?:the |this |that )?[\w ]+$"
)
_ON_WHICH = re.compile(
    rf"^(?:in|on) which (?:of (?:the|these|those|my) )?(?:\w+ )?{_PHOTO} (?P<asks>(?:is|are|do|does|can|has|have) .+)$"
)
_WHO_HAS_MORE = re.compile(
    rf"^(?:who|which(?: \w+)?|where) (?:has|have|had|is|are)(?: there| got)? (?:the )?(?:more|most|fewer|fewest|less|least) {_THINGS}(?:,| in| on)? .*\b(?:first|second|one|two|left|right|before|after)\b.*$"
)
_TOGETHER = re.compile(
    r"^(?:please )?(?:compare|look at|check) (?:the two|both|these(?: two)?|them|the (?:two |three )?(?:photos|pictures|pics|images))(?: of them)?[:,;.-]+ ?(?P<asks>.+)$"
)
_IN_BOTH = re.compile(
    rf"^(?P<asks>.+?) (?:in|on|of) (?:both|each|all(?: (?:two|three|four))?)(?: (?:of (?:them|these|those)|(?:the |these |those )?{_NOUN}))?,? (?:and |then )*(?:tell|say|let|show|which|where|report)\b.*$"
)
_CHANGED = re.compile(
    r"^(?:has|have|did|was|were|is|are) (?:(?:any|some)(?:thing|body|one)|they|somebody|someone|it|he|she|we) (?:been )?(?:added?|removed?|taken|changed?|moved?|missing|new|different|put)(?: away)? "
    r"(?:to|from|on|in|off|at|about|with) (?P<place>(?:the|my|his|her|their|our|this) [\w ]+?)"
    rf"(?:{_THAN})?{_SENT}$"
)
_COLOUR = re.compile(
    rf"^(?:did|has|have|was|were|is|are) (?:(?:they|he|she|somebody|someone|we|it) (?:paint|painted|dyed?|colou?r|colou?red|been|got|given) )?(?P<thing>(?:the|my|his|her|their|our|this) [\w -]+?) (?:been |now |in )*(?:(?:painted|given|changed?|got) )?(?:(?:an?)?other|a different|a new|changed?) colou?rs?(?:{_THAN})?{_SENT}$"
)
_SAME = re.compile(
    rf"^(?:(?:is|are) (?:both|all|these|those|they|it|this|that|the two)(?: (?:two|three|of (?:these|them|those)|{_NOUN}|both|all))* )?(?:still )?(?:of )?(?:the )?same "
    rf"(?P<kind>breed|species|kind|type|bird|animal|dog|cat|flower|plant|tree|fish|insect|car|mushroom|butterfly)(?: of \w+)?(?: (?:in|on) (?:both|all|all three|all (?:the )?{_NOUN}|these|them|each)(?: (?:of them|{_NOUN}))?)?$"
)
_STILL = re.compile(rf"^(?P<asks>(?:is|are) (?:there )?.+?)(?: or (?:has|have|is|are) .+?)?,? since (?:on |in )?{_REFERENCE}$")
_LEAD = re.compile(r"^(?:(?:and|so|hey|ok|please|pls|tell me|say|now|whether|if|hi|hello|well)\b[ ,]*)+")


@dataclass(frozen=True)
class Compared:
    """`question`: to each photo, a name for it where it is empty. `befores`: how many photos back they are, the oldest first.
    `by_reader`: the person has to compare the answers."""

    question: str
    befores: tuple[int, ...]
    by_reader: bool = True


def compared(message: str, earlier: int) -> Compared | None:
    """None for what is no such comparison. `earlier`: photos before the one at hand."""
    text = _LEAD.sub("", " ".join(message.lower().replace("’", "'").split()).strip(" ?.!"))
    if photo_references.counted(text, earlier):  # the tables have it
        return None
    kinds: tuple[Callable[[str, int], Compared | None], ...] = (_more, _degree, _of_all, _changes)
    return next(filter(None, (kind(text, earlier) for kind in kinds)), None)


def _more(text: str, earlier: int) -> Compared | None:
    if match := _MORE.match(text):
        return Compared(f"{_how_many(match['things'])}{match['place'] or ''}", _back(match["which"], earlier), by_reader=False)
    match = _WHO_HAS_MORE.match(text)
    return Compared(_how_many(match["things"]), _all(earlier), by_reader=False) if match else None


def _degree(text: str, earlier: int) -> Compared | None:
    text = re.sub(rf" (?:in|on) (?:this|that|the (?:second|new|latest|last)) {_PHOTO}(?= [a-z]+(?:er)\b)", "", text)
    match = _THING.match(text) or _BARE.match(text)
    if match is None and (bare := _BARER.match(text)) and comparisons.is_degree(bare["how"]):
        match = bare
    if match is None:
        match = _HAS_THE.match(text)
        return (
            Compared(_how(match["how"], "are" if is_plural(match["thing"]) else "is", f"the {match['thing']}"), _all(earlier))
            if match
            else None
        )
    back = _back(match.groupdict().get("which"), earlier)
    if match["verb"] in ("does", "do", "did") and (match["do"] or "").startswith(("look", "seem")):
        return Compared(f"{match['verb']} {match['thing']} look {_positive(match['how'])}".replace("did ", "does "), back)
    return Compared(_how(match["how"], "are" if match["verb"] in ("are", "have", "do") else "is", match["thing"]), back)


def _of_all(text: str, earlier: int) -> Compared | None:
    """What is asked of all photos."""
    if match := _SAME.match(text):
        return Compared("", _all(earlier))
    for pattern in (_ON_WHICH, _TOGETHER, _IN_BOTH):
        if match := pattern.match(text):
            return Compared(re.sub(r"^count (?:all )?(?:the )?(.+)$", r"how many \1 are there", match["asks"]), _all(earlier))
    text = _THE_TWO.sub("", text)
    if _WHICH.match(text) and (request := together.request_of_each(text)) and request[0].question:
        return Compared(request[0].question, _all(earlier), request[1])
    return None


def _changes(text: str, earlier: int) -> Compared | None:
    if match := _COLOUR.match(text):
        return Compared(
            f"what colour {'are' if is_plural(match['thing']) else 'is'} {match['thing']}", _back(match["which"], earlier)
        )
    if match := _CHANGED.match(text):
        return Compared(f"what is on {match['place']}", _back(match["which"], earlier))
    if match := _STILL.match(text):
        return Compared(match["asks"], _back(match["which"], earlier))
    return None


def _how_many(things: str) -> str:
    things = things.strip()
    is_many = is_plural(things) or things.split()[-1] in ("people", "sheep", "children", "fish")
    return f"how many {things} are there" if is_many else f"how much {things} is there"


def _how(how: str, be: str, thing: str) -> str:
    return f"how {_positive(how)} {be} {thing}"


def _positive(how: str) -> str:
    """ "higher" and "highest" as "high"; of two poles the one that is measured."""
    if how in ("worse", "better"):
        return {"worse": "bad", "better": "good"}[how]
    return comparisons.positive(re.sub(r"^(?:more|less) ", "", how))


def _back(which: str | None, earlier: int) -> tuple[int, ...]:
    return (earlier, 0) if which in ("first", "oldest") else (1, 0)


def _all(earlier: int) -> tuple[int, ...]:
    return tuple(range(earlier, -1, -1))
