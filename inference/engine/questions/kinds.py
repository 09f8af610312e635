"""The kind of answer that a question asks for, read from its words. Pure; knows the phrasings of people, typos included."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from inference.engine.questions import alternatives, label_tree, negation
from inference.engine.questions.grammar import AUX, DETERMINER, PRONOUN


class Kind(StrEnum):
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
    presence: bool = False  # a yes/no question whether `subject` is there
    located: bool = False  # … at some place in the photo, or in some number
    identity: bool = False  # … as what the photo is of: "is this a zebra?"
    negated: bool = False  # "isn't there a dog?"

    @property
    def choices(self) -> int:
        """How many answers the question itself leaves; 0 where it does not say."""
        return 2 if self.kind is Kind.YES_NO else len(self.alternatives)


_TYPOS = {
    "whats": "what is", "what's": "what is", "wats": "what is", "wat": "what", "waht": "what", "wot": "what", "wht": "what",
    "whos": "who is", "who's": "who is", "wheres": "where is", "where's": "where is", "hows": "how is", "how's": "how is",
    "hw": "how", "hwo": "how", "mny": "many", "manny": "many", "mnay": "many", "teh": "the", "colur": "colour", "colr": "color",
    "coler": "color", "coulour": "colour", "collour": "colour", "clour": "colour", "colors": "colour", "colours": "colour",
    "color": "colour", "animl": "animal", "aminal": "animal", "annimal": "animal", "thier": "their", "ther": "there",
    "theres": "there is", "there's": "there is", "isnt": "isn't", "arent": "aren't", "doesnt": "doesn't", "dont": "don't",
    "wasnt": "wasn't", "hasnt": "hasn't", "cant": "can't", "wich": "which", "whcih": "which", "u": "you", "r": "are",
    "pls": "please", "plz": "please", "ppl": "people", "pic": "picture", "foto": "photo", "thier's": "theirs", "numer": "number",
}  # fmt: skip
_POLITE = re.compile(
    r"^(?:(?:hi|hey|hello|ok|okay|so|and|um|well|please|now|then)\b[ ,]*"
    r"|(?:can|could|would|will) you (?:please )?(?:tell|say to|show) (?:me|us) |(?:tell|show) (?:me|us) |do you (?:know|think) (?=\w)"
    r"|i (?:want|would like|need|wonder)(?: to know)? |(?:whether|if) (?=there|it|the|he|she|they|this))+"
)
_TRAILING = re.compile(r"[ ,]*(?:\bplease\b|\bthanks\b|\bthank you\b|\bby any chance\b|\bdo you (?:think|know)\b)[ ,]*$")
_PHOTO = r"(?:photo|photograph|picture|image|pic|scene|shot)"
_HERE = rf"(?: (?:in|on|of|at) (?:the|this|that|my) {_PHOTO}| (?:in|on) (?:it|here|there|this|that)(?: one)?| here| there| anywhere| visible| present| shown| at all| somewhere)*"
_COUNT = re.compile(
    r"^(?:how many|how much (?=people|dogs|cats|cars|of them)|count\b|(?:what is )?(?:the )?(?:total |exact )?(?:number|count|amount) of|(?:what|which) number of)"
)
_COLOUR = re.compile(
    r"^(?:(?:what|which|wich|how) (?:is )?(?:the |its |his |her |their )?(?:\w+ )?colour|(?:the |its )?colour\b|(?:in )?what colour)"
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
_NAMES = re.compile(
    rf"^(?:what|which|name the|identify the|name of the|what is the name of the) (?P<of>{_KIND_WORD})?(?:an? |the )?(?P<noun>[a-z]+(?: [a-z]+)?)"
    rf"(?= (?:is|are|was|were|might|could|would|can|do|does|am|have|has|did)\b|{_HERE}$| (?:that|this|it|these|those) (?:is|are|was)$)"
)
_NAME_OF = re.compile(
    rf"^what is the {_KIND_WORD}(?:the |this |that |an? )?(?P<noun>[a-z]+)\b|^what (?:kind|type|sort|breed|species) (?:is|are) (?:the|this|that|these|those|my) (?P<noun2>[a-z]+)\b|^what (?:is|are) (?:this|that|these|those) (?P<noun3>[a-z]+){_HERE}$"
)
_OF_BREED = re.compile(r" (?:breed|species|variety|kind|type|model)$")  # "what dog breed"
_BREED = re.compile(r"^(?:what|which) (?:breed|species)\b")
_WHAT = re.compile(
    rf"^what (?:is|are|was) (?:this|that|it|these|those|(?:the )?(?:main )?(?:thing|object|item|this thing))(?: called)?{_HERE}$|^what (?:kind of )?(?:thing|object) is (?:this|it|that){_HERE}$"
)
_ARTICLE = r"(?:an? single|one single|an?|any|some|the|another|one|really an?|actually an?|even an?)"
_IDENTITY = (
    re.compile(rf"^(?:is|was) (?:this|that|it) (?:(?:a |an )?{_PHOTO}s? of )?(?:{_ARTICLE} )(?P<noun>[a-z][a-z -]*?){_HERE}$"),
    re.compile(rf"^(?:are|were) (?:these|those|they) (?:{_ARTICLE} )?(?P<noun>[a-z][a-z -]*?s){_HERE}$"),
)  # fmt: skip
_IS_THERE = r"^(?:(?:is|are|was|were) there|(?:do|can|could|did) (?:you|i|we|one) (?:see|spot|find|notice|make out))"
_AT = (
    r"(?:on|in|at|under|below|above|over|behind|beside|by|near|between|around|inside|outside|next to|close to|in front of"
    r"|(?:on|to) the (?:left|right) of)"
)
_SOME_NUMBER = r"(?:lots of|a lot of|many|several|a few|more than one|two|three|four)"
_LOCATED = (
    re.compile(rf"{_IS_THERE} (?:{_ARTICLE} )?(?P<noun>[a-z-]+(?: [a-z-]+)?)(?!{_HERE}$) {_AT} .+$"),
    re.compile(rf"{_IS_THERE} {_SOME_NUMBER} (?P<noun>[a-z-]+(?: [a-z-]+)?){_HERE}$"),
)  # fmt: skip
_PRESENCE = (
    re.compile(rf"{_IS_THERE} (?:{_ARTICLE} )?(?P<noun>[a-z][a-z -]*?){_HERE}$"),
    re.compile(rf"^(?:does|do|did) (?:the|this|that|it|my)(?: {_PHOTO})? (?:show|contain|have|include|depict) (?:{_ARTICLE} )?(?P<noun>[a-z][a-z -]*?){_HERE}$"),
    re.compile(rf"^(?:is|are) (?:{_ARTICLE} )(?P<noun>[a-z]+(?: [a-z]+)?) (?:in (?:the|this|that|my|it|here)(?: {_PHOTO})?|here|visible|present|shown)$"),
    re.compile(rf"^(?:any|some) (?P<noun>[a-z]+(?: [a-z]+)?){_HERE}$"),
)  # fmt: skip
_SUBJECT = (
    re.compile(rf"^(?:what|which) colour (?:{DETERMINER} )(?P<noun>[a-z]+(?: [a-z]+)?) (?:is|are)$"),
    re.compile(rf"\bcolour (?:is|are|was|were|has|have|does|do|of) (?:{DETERMINER} )(?P<noun>[a-z]+(?: [a-z]+){{0,2}}?)(?: (?:is|are|have|has|in|on|at|made|painted|wearing|standing|sitting)\b.*|'s .*)?$"),
    re.compile(rf"^(?:colour of|what is the colour of) (?:{DETERMINER} )(?P<noun>[a-z]+(?: [a-z]+)?){_HERE}$"),
    re.compile(rf"^(?:how many|count|(?:what is )?(?:the )?(?:total |exact )?(?:number|amount) of) (?:the |all |all the |different )?(?P<noun>[a-z]+(?: [a-z]+){{0,2}}?)(?: (?:is|are|do|does|can|have|has|were|you|we|i|in|on|at)\b.*|{_HERE})$"),
    re.compile(rf"^(?:what|where|how (?:big|old|tall|large|long)|what (?:shape|size|material|breed)) (?:is|are|was|were) (?:{DETERMINER} )(?P<noun>[a-z]+)(?: (?:doing|eating|holding|wearing|playing|made|looking|standing|sitting|lying|drinking|carrying|riding|up|called)\b.*|{_HERE})$"),
)  # fmt: skip
_MANY_WORDS = 3  # a thing has at most so many


def read(question: str) -> Reading:
    text, negated = negation.positive(regular(question))
    reading = _read(text)
    return replace(reading, negated=negated)


def _read(text: str) -> Reading:
    if _COUNT.match(text):
        return Reading(Kind.NUMBER, text, subject=_subject(text))
    if choices := alternatives.of(text):
        return Reading(Kind.EITHER_OR, text, alternatives=choices)
    if _COLOUR.match(text):
        return Reading(Kind.COLOUR, text, subject=_subject(text))
    if _OPENS.match(text) or text.startswith(("any ", "some ")):
        return _presence(text)
    for kind, pattern in _FIXED:
        if pattern.match(text):
            return Reading(kind, text, subject=_subject(text) if kind is Kind.ACTION else "")
    return _name(text) or Reading(Kind.FREE, text, subject=_subject(text))


def _presence(text: str) -> Reading:
    located, identity, noun = (_first(patterns, text) for patterns in (_LOCATED, _IDENTITY, _PRESENCE))
    noun = located or identity or noun
    return Reading(Kind.YES_NO, text, subject=noun, presence=bool(noun), located=bool(located), identity=bool(identity))


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
    match = _NAMES.match(text) or _NAME_OF.match(text)
    groups = match.groupdict() if match else {}
    noun = _OF_BREED.sub("", groups.get("noun") or groups.get("noun2") or groups.get("noun3") or "")
    branch = tree.find(noun) if noun else None
    if branch is not None and not branch.is_class:
        return Reading(Kind.NAME, text, wanted=branch.name)
    if _BREED.match(text):
        return Reading(Kind.NAME, text, wanted="animal")
    return None


def _subject(text: str) -> str:
    return _first(_SUBJECT, text)


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    """The noun of the first pattern that fits, as a thing: of few words, and no pronoun."""
    match = next((match for pattern in patterns if (match := pattern.search(text))), None)
    noun = match["noun"].strip() if match else ""
    return (
        "" if len(noun.split()) > _MANY_WORDS or re.match(rf"^(?:{PRONOUN}|{AUX}|of|more|else|any|some|many)\b", noun) else noun
    )


def regular(question: str) -> str:
    """Lower case, plain apostrophes, known typos and contractions mended, without politeness and closing punctuation."""
    text = unicodedata.normalize("NFKC", question).lower().translate({0x2019: "'", 0x2018: "'", 0x60: "'", 0xB4: "'"})
    text = re.sub(r"[^\w\s',/-]", " ", text).replace("/", " or ").replace("_", " ")
    words = [match for word in text.split() if (match := re.fullmatch(r"(.*?)(,*)", word))]
    text = " ".join(_TYPOS.get(match[1], match[1]) + match[2] for match in words).strip(" ,-")
    while (shorter := _TRAILING.sub("", _POLITE.sub("", text)).strip(" ,-")) != text:
        text = shorter
    return text
