"""Whether a thing is there: what "is there a dog on the bed?" and "is this a dog?" ask after. Pure."""

import re
from dataclasses import dataclass

from inference.engine.questions import label_tree
from inference.engine.questions.grammar import AUX, HERE, PHOTO, PRONOUN
from inference.engine.questions.nouns import is_people, is_plural

_THERE = re.compile(
    r"^(?:(?:is|are|was|were) there|(?:do|can|could|did) (?:you|i|we|one) (?:see|spot|find|notice|make out)"
    rf"|(?:does|do|did) (?:the|this|that|my) {PHOTO} (?:show|contain|have|include|depict)"
    r"|(?:does|do|did) (?:it|this|that) (?:show|contain|include|depict)|any(?= )|some(?= )) "
)
_OF_THE_PHOTO = re.compile(rf"^(?:is|was|are|were) (?:this|that|it|these|those|they) (?:(?:an? )?{PHOTO}s? of )?")
_STATED = re.compile(
    rf"^(?:is|are) (?P<rest>(?:an?|any|some|the) .+?) (?:in (?:the|this|that|my) {PHOTO}|in it|here|visible|present|shown)$"
)
_ARTICLE = re.compile(r"^(?:an?|any|some|the|really an?|actually an?|even an?)(?: single)? |^one single ")
_QUANTITY = re.compile(
    r"^(?:lots of|a lot of|many|several|a few|more than one|at least one|(?:only |just |exactly )?(?:one|two|three|four|five|six|\d+)|only|just"
    r"|another|other|(?:an? |the )?(?:group|herd|flock|pair|crowd|bunch|couple|piece|cup|glass|bottle|plate|bowl|slice)s? of) "
)
_PLACE = re.compile(
    r"^(?:on|in|at|under|below|above|over|behind|beside|by|near|between|around|inside|outside|next|close|to|left|right|across|against)$"
)
_DETAIL = re.compile(
    r"^(?:that|which|who|whose|with|without|of|for|from|and|or|as|than|like|left|on"
    r"|(?!(?:building|ceiling|painting|wing|ring|string|king|thing|railing|clothing|awning|earring|swing|wedding|dining|swimming|living|parking"
    r"|washing|sewing|shopping|sleeping|racing|sailing|fishing|rolling|traveling)$)[a-z]{2,}ing"
    r"|(?!(?:bed|red|shed|sled|seed|weed|reed|breed|moped|bobsled)$)[a-z]{2,}ed|worn|made|full|too|yet|already)$"
)
_OWNED = re.compile(rf"^(?:{PRONOUN}|{AUX}|his|her|their|its|my|your|our|any|some|many|more|else)$")
_COLOURS = frozenset(["orange", "pink", "violet", "rose", "lemon", "cream", "gold", "silver"])  # things as well
_MANY_WORDS = 3  # a thing has at most so many


@dataclass(frozen=True)
class Presence:
    """`identity`: as what the photo is of. `located`: at some place in it. `qualified`: in some number, of some colour, doing
    something: its presence alone does not say yes."""

    subject: str
    identity: bool = False
    located: bool = False
    qualified: bool = False


def of(text: str) -> Presence | None:
    """None for a question that asks something else. `text` as `spelling.regular` leaves it, positive."""
    text = re.sub(r",? or not$", "", text)
    if match := _STATED.match(text):
        return _thing(match["rest"])
    text = re.sub(rf"{HERE}$", "", text)
    if match := _THERE.match(text):
        return _thing(text[match.end() :])
    if match := _OF_THE_PHOTO.match(text):
        return _identity(text[match.end() :])
    return None


def _identity(rest: str) -> Presence | None:
    """Of things that have a name in the label tree, and of people: "is it a sunny day?" asks for no thing."""
    thing = _thing(rest)
    if thing is None or not is_known(thing.subject) or rest in _COLOURS or not rest.endswith(thing.subject):
        return None
    if not (_ARTICLE.match(rest) or is_plural(thing.subject) or rest == thing.subject):
        return None
    return Presence(thing.subject, identity=True, qualified=thing.qualified)


def _thing(rest: str) -> Presence | None:
    rest = _ARTICLE.sub("", rest, count=1)
    plain = _QUANTITY.sub("", rest, count=1)
    qualified, located, words = plain != rest, False, plain.split()
    for number, word in enumerate(words):
        is_place = bool(_PLACE.match(word))
        if is_place or _DETAIL.match(word):
            words, located, qualified = words[:number], is_place, qualified or not is_place
            break
    if not 0 < len(words) <= _MANY_WORDS or any(_OWNED.match(word) for word in words):
        return None
    phrase, head = " ".join(words), words[-1]
    if len(words) > 1 and not is_known(phrase) and is_known(head):
        return Presence(head, located=located, qualified=True)
    return Presence(phrase, located=located, qualified=qualified)


def is_known(phrase: str) -> bool:
    """Whether it is people, or has a name in the label tree."""
    return (len(phrase.split()) == 1 and is_people(phrase)) or label_tree.names().find(phrase) is not None
