"""The kind of answer that a question asks for, read from its words. Pure; knows the phrasings of people, typos included."""

import re
from dataclasses import dataclass, replace
from enum import Enum

from inference.engine.questions import alternatives, label_tree, negation, presence, spelling
from inference.engine.questions.grammar import AUX, DETERMINER, HERE, PRONOUN
from inference.engine.questions.nouns import ALIKE, NUMBERS, is_plural
from inference.engine.questions.presence import Presence


class Kind(str, Enum):
    __str__ = str.__str__  # the value, also in f-strings

    YES_NO = "yes_no"
    EITHER_OR = "either_or"
    NUMBER = "number"
    COLOUR = "colour"
    NAME = "name"  # of something, or of one thing of a kind: "what animal is it?"
    SPORT = "sport"
    SEASON = "season"
    DAYTIME = "daytime"
    WEATHER = "weather"
    PERSON = "person"
    PLACE = "place"
    ACTION = "action"
    FREE = "free"


@dataclass(frozen=True)
class Reading:
    """A question as it is asked of a model. `text` is positive, regular, without politeness."""

    kind: Kind
    text: str
    alternatives: tuple[str, ...] = ()  # of "A, B or C?", as typed, without articles
    wanted: str = ""  # the branch of the label tree that a name is wanted from; empty: any
    subject: str = ""  # what the question takes for granted or asks about: "elephant" of "what colour is the elephant?"
    presence: Presence | None = None  # of a yes/no question whether a thing is there
    negated: bool = False  # "isn't there a dog?"


_COUNT = re.compile(
    r"^(?:how many|how much (?=people|dogs|cats|cars|of them)|count\b|(?:what is )?(?:the )?(?:total |exact )?(?:number|count|amount) of|(?:what|which) number of)"
)
_COLOUR = re.compile(
    r"^(?:(?:what|which|how) (?:(?:is|are) )?(?:the |its |his |her |their )?(?:\w+ )?colours?\b|(?:the |its )?colours?\b|(?:in )?what colours?\b)"
)
_OPENS = re.compile(rf"^{AUX}\b")
_SOME_SPORT = re.compile(r"^(?:what|which) (?:kind of |type of |sort of )?(?:sport|game)s?\b")
_SEASON = re.compile(r"^(?:(?:what|which) (?:is the )?(?:season|time of (?:the )?year)\b|in (?:what|which) season\b)")
_DAYTIME = re.compile(r"^(?:what|which) (?:is the )?(?:time of (?:the )?day|part of the day)\b")
_WEATHER = re.compile(r"^(?:(?:how|what) is the weather|what (?:kind of |sort of )?weather|what is the weather)\b")
_PERSON = re.compile(r"^(?:who|whose|whom)\b")
_PLACE = re.compile(
    r"^(?:where\b|(?:what|which) (?:is the )?(?:(?:kind|sort|type) of )?(?:place|location|country|city|town|street|room)\b|in (?:what|which) (?:place|room|country|city)\b)"
)
_ACTION = re.compile(
    r"^what (?:is|are|was|were) (?:\w+ ){1,6}?(?:doing|up to)\b|^what (?:does|do) (?:\w+ ){1,5}?do\b|^what (?:is|are) (?:happening|going on)"
)
_KIND_WORD = r"(?:(?:kind|type|sort|breed|species|make|model|variety)s? of )"
_THESE = r"(?:an?|the|this|that|these|those|my)"
_NAMES = re.compile(
    rf"^(?:what|which|name {_THESE}|identify {_THESE}|(?:what is )?the name of {_THESE}) (?P<of>{_KIND_WORD})?(?:{_THESE} )?(?P<noun>[a-z]+(?: (?!{AUX}\b)[a-z]+)??)"
    rf"(?= {AUX}\b|{HERE}$| (?:that|this|it|these|those) (?:is|are|was)$)"
)
_NAME_OF = re.compile(
    rf"^what is the {_KIND_WORD}(?:{_THESE} )?(?P<noun>[a-z]+)\b"
    rf"|^what (?:kind|type|sort|breed|species) (?:is|are) {_THESE} (?P<noun2>[a-z]+)\b"
    rf"|^what (?:is|are) {_THESE} (?P<noun3>[a-z]+)(?: called)?{HERE}$"
)
_OF_BREED = re.compile(r" (?:breed|species|variety|kind|type|model)$")  # "what dog breed"
_BREED = re.compile(r"^(?:what|which) (?:breed|species)\b")
_WHAT = re.compile(
    rf"^what (?:is|are|was) (?:this|that|it|these|those|(?:the )?(?:main )?(?:thing|object|item|this thing))(?: called)?{HERE}$|^what (?:kind of )?(?:thing|object) is (?:this|it|that){HERE}$|^what (?:this|that|it) is$"
)
_SUBJECT = (
    re.compile(rf"^(?:what|which) colours? (?:{DETERMINER} )(?P<noun>[a-z]+(?: [a-z]+)?) (?:is|are)$"),
    re.compile(rf"\bcolours? (?:is|are|was|were|has|have|does|do|of) (?:{DETERMINER} )(?P<noun>[a-z]+(?: [a-z]+){{0,2}}?)(?: (?:is|are|have|has|in|on|at|made|painted|wearing|standing|sitting)\b.*|'s .*)?$"),
    re.compile(rf"^(?:colours? of|what (?:is|are) the colours? of) (?:{DETERMINER} )(?P<noun>[a-z]+(?: [a-z]+)?){HERE}$"),
    re.compile(rf"^(?:what|where|how (?:big|old|tall|large|long)|what (?:shape|size|material|breed)) (?:is|are|was|were) (?:{DETERMINER} )(?P<noun>[a-z]+)(?: (?:doing|eating|holding|wearing|playing|made|looking|standing|sitting|lying|drinking|carrying|riding|up|called)\b.*|{HERE})$"),
)  # fmt: skip
_COUNTED = re.compile(
    r"^(?:how many|count|(?:what is )?(?:the )?(?:total |exact )?(?:number|count|amount) of|(?:what|which) number of)"
    r"(?: (?:the|all|different|total|of|(?:the )?number of))* (?P<rest>.+)$"
)
_ANYTHING = ("colours", "things", "objects", "items", "kinds", "types", "sorts", "times", "of")
_NO_NOUN = re.compile(rf"^(?:{PRONOUN}|{AUX}|of|more|else|any|some|many)\b")
_MANY_WORDS = 3  # a thing has at most so many


def read(question: str) -> Reading:
    text, negated = negation.positive(spelling.regular(question))
    reading = _read(text)
    return replace(reading, negated=negated)


def choices(question: str) -> int:
    """How many answers the question itself leaves; 0 where it does not say."""
    reading = read(question)
    return 2 if reading.kind is Kind.YES_NO else len(reading.alternatives)


def _read(text: str) -> Reading:
    if _COUNT.match(text):
        return Reading(Kind.NUMBER, text, subject=_counted(text))
    if choices := alternatives.of(text):
        if all(choice.split()[0] in NUMBERS for choice in choices):
            return Reading(Kind.NUMBER, text)
        return Reading(Kind.EITHER_OR, text, alternatives=choices)
    if _COLOUR.match(text):
        return Reading(Kind.COLOUR, text, subject=_subject(text))
    if _OPENS.match(text) or text.startswith(("any ", "some ")):
        there = presence.of(text)
        return Reading(Kind.YES_NO, text, subject=there.subject if there else "", presence=there)
    for kind, pattern in _FIXED:
        if pattern.match(text):
            return Reading(kind, text, subject=_subject(text) if kind is Kind.ACTION else "")
    return _name(text) or Reading(Kind.FREE, text, subject=_subject(text))


_FIXED = (
    (Kind.SPORT, _SOME_SPORT),
    (Kind.SEASON, _SEASON),
    (Kind.DAYTIME, _DAYTIME),
    (Kind.WEATHER, _WEATHER),
    (Kind.PERSON, _PERSON),
    (Kind.PLACE, _PLACE),
    (Kind.ACTION, _ACTION),
)


def _name(text: str) -> Reading | None:
    """A question for the name of a thing, where the label tree has the branch it is asked from."""
    if _WHAT.match(text):
        return Reading(Kind.NAME, text)
    tree = label_tree.names()
    match = _NAME_OF.match(text) or _NAMES.match(text)
    groups = match.groupdict() if match else {}
    noun = _OF_BREED.sub("", groups.get("noun") or groups.get("noun2") or groups.get("noun3") or "")
    branch = tree.find(noun) if noun else None
    if branch is not None and not branch.is_class:
        return Reading(Kind.NAME, text, wanted=branch.name)
    if _BREED.match(text):
        return Reading(Kind.NAME, text, wanted="animal")
    return None


def _counted(text: str) -> str:
    """The thing that is counted, up to its plural: "dog bowls" of "how many dog bowls are empty"."""
    match = _COUNTED.match(text)
    words = match["rest"].split()[:_MANY_WORDS] if match else []
    last = next((number for number, word in enumerate(words) if is_plural(word) or word in ALIKE), None)
    if last is None or words[last] in _ANYTHING or any(_NO_NOUN.match(word) for word in words[: last + 1]):
        return ""
    return " ".join(words[: last + 1])


def _subject(text: str) -> str:
    return _first(_SUBJECT, text)


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    """The noun of the first pattern that fits, as a thing: of few words, and no pronoun."""
    match = next((match for pattern in patterns if (match := pattern.search(text))), None)
    noun = match["noun"].strip() if match else ""
    return (
        "" if len(noun.split()) > _MANY_WORDS or re.match(rf"^(?:{PRONOUN}|{AUX}|of|more|else|any|some|many)\b", noun) else noun
    )
