"""What stands in a message beside its requests: what not to do, how to answer, in which language, web addresses.

None of it becomes a step. What a person would miss in the answer is a remark, a sentence for the answer.
"""

import re
import unicodedata
from dataclasses import dataclass

from inference.engine.questions.nouns import plural
from inference.planning.rules.wording import PHOTO, VERBS, regular

ADDRESS = "Addresses in a message are not opened."
LANGUAGE = "I answer in the language of the question."
FORMAT = "I answer in plain sentences only."
_ADDRESS = re.compile(r"(?:\bhttps?://|\bwww\.)\S+", re.IGNORECASE)
_NAME = re.compile(r"@[\w.-]+\.\w{2,5}\b")
_LANGUAGES = (
    r"(?:spanish|french|german|italian|portuguese|dutch|russian|ukrainian|polish|czech|greek|turkish|arabic|hebrew|hindi|bengali|"
    r"urdu|chinese|mandarin|cantonese|japanese|korean|thai|vietnamese|indonesian|swedish|norwegian|danish|finnish|hungarian|romanian|"
    r"latin|english)"
)
_START = r"(?:^|(?<=[.;!?,:] )|(?<=\bbut )|(?<=\band )|(?<=\bthen )|(?<=\bplease ))"
_NEXT = rf"(?:{VERBS}|what|how many|how|who|where|which|(?:is|are|was|were|does|do|has|have|can) (?:the|an?|any|it|he|she|they|this|there|these))\b"
_END = rf"(?=$|[.;!?:]|,? (?:just|only|but|instead|simply|rather)\b|,? (?:and )?(?:then )?(?<=[, ]){_NEXT})"
_TELLING = r"(?:mention|describ|caption|classify|count|nam|list|say|stat|guess|includ|add|writ|us|train|tell|talk)\w*ing"
_PROHIBITED = re.compile(
    rf"{_START}(?:please )?(?:don't|do not|never|avoid|refrain from|(?:there is )?no need to|you (?:don't|do not) (?:have|need) to) "
    r"(?!(?:you|they|we|i|he|she|it|the|these|those|this|that|people|know|understand|see|recogni[sz]e|get)\b)\w+.*?(?=$|[.;!?]|,? (?:just|only|but|instead|simply|rather)\b"
    rf"|, (?:and )?{_NEXT})|,? (?:without|instead of|rather than) {_TELLING}\b.*?{_END}"
)
_DATA = r"(?:json|xml|yaml|csv|html|markdown|latex|bullet points?|bullets)"
_IN_DATA = re.compile(
    rf"^(?:please )?(?:(?:generate|output|return|give|produce|write|create|respond with|answer with|make)(?: me| us)? )(?:only )?(?:an? )?(?:valid )?{_DATA}(?: object| array| list| table| file)? (?:with|containing|of|that has|for) "
    rf"|(?: as| in| using| with)(?: an?)?(?: valid)? {_DATA}(?: format| object| array)?(?=$|[.;!?,])"
)
_FORM = re.compile(
    rf"\b(?:as|in|into) (?:an? |valid )?(?:{_DATA}|verse|rhymes?|sonnet|haiku|poem|limerick|song|rap)\b", re.IGNORECASE
)
_IN_LANGUAGE = re.compile(
    rf"(?:{_START}(?:please )?(?:answer|reply|respond|write|say it|speak)(?: to me| me)?|,? (?:and )?(?:answer|reply|respond))? (?:only )?in ({_LANGUAGES})(?= ?(?:$|[.;!?,:]))"
    rf"|{_START}(?:answer|reply|respond) in ({_LANGUAGES})(?= ?(?:$|[.;!?,:]))"
)
_STYLE = (
    re.compile(rf"{_START}(?:please )?(?:respond|reply|answer|output|return)(?: me)?(?: only| just)? (?:with|in|as|using|by|only|briefly|shortly|concisely)\b.*?(?=$|[.;!?:])"),
    re.compile(rf"{_START}(?:please )?(?:be|keep it|keep your answer|make it) (?:very |as )?(?:concise|brief|short|accurate|specific|precise|honest|detailed|simple)\b.*?(?=$|[.;!?])"),
    re.compile(rf"(?:^|(?<=[.;!?:] )|,? (?:and |with a |while )?)(?:focus|focusing|focussing|concentrate|concentrating)(?: only| mainly| especially| mostly)? on\b.*?(?=$|[.;!?]|,? and (?:{VERBS}|how many)\b)"),
    re.compile(r"(?<=\w) (?:clearly|concisely|accurately|briefly|in detail|in depth)(?: and (?:clearly|concisely|accurate(?:ly)?|briefly))?(?=$|[.;!?,])"),
    re.compile(rf"\b(?:attached|uploaded|enclosed|given|provided) (?={PHOTO}\b)"),
)  # fmt: skip


@dataclass(frozen=True)
class Trimmed:
    """The requests alone, and what the answer has to say about the rest."""

    text: str
    remarks: tuple[str, ...]


def without_addresses(message: str) -> Trimmed:
    """The message as typed, without web addresses and file names; an emoji that stands for a noun is that noun."""
    bare = _NAME.sub("", _ADDRESS.sub("", message))
    return Trimmed(_spelled(bare), (ADDRESS,) if _ADDRESS.search(message) else ())


def remark_on(message: str) -> str:
    """What an answer has to say about a message, whoever planned it."""
    typed = without_addresses(message)
    return " ".join([*typed.remarks, *requests_of(regular(typed.text)).remarks])


def requests_of(text: str) -> Trimmed:
    """A regular message (wording.regular) without what is no request. What says nothing else stays as it is."""
    remarks = []
    languages = [match[1] or match[2] for match in _IN_LANGUAGE.finditer(text) if not _dropped(match)]
    if any(language != "english" for language in languages):
        remarks.append(LANGUAGE)
    if _IN_DATA.search(text) or _FORM.search(text):
        remarks.append(FORMAT)
    trimmed = text
    for pattern in (_IN_DATA, _IN_LANGUAGE, *_STYLE, _PROHIBITED):
        if (cut := pattern.sub(_dropped, trimmed)) == trimmed:
            continue
        shorter = _tidy(cut)
        # A wish about the form may be the only request there is; a prohibition never is.
        trimmed = shorter if pattern is _PROHIBITED or any(c.isalnum() for c in shorter) else trimmed
    return Trimmed(trimmed, tuple(remarks))


def _dropped(match: re.Match[str]) -> str:
    """What stays of it: all of it where it says of a thing in the photo in which language that is, "is the sign in French?"."""
    sentence = re.split(r"[.;!?] ", match.string[: match.start()])[-1]
    stays = match.re is _IN_LANGUAGE and match[0].startswith(" in ") and re.match(r"(?:is|are|was|were|does|do)\b", sentence)
    return match[0] if stays else ""


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?[,:](?= ?[.;!?,]|$)|^\W+(?=\w)|(?<=[.;!?]) ?[.;!](?= |$)| (?=[.,;!?])", "", text.strip())
    return re.sub(r"^(?:(?:just|only|but|instead|simply|rather|and|then)\b[, ]*)+", "", text).strip(" ,")


_NOUN_AFTER = re.compile(r"\b(?:many|much|a|an|the|any|some|no|this|that|my|of)\s*$", re.IGNORECASE)
_NOUN_BEFORE = re.compile(r"^[\uFE0F\s]*(?:[?\u2753\u2754]|or\b)", re.IGNORECASE)
_OR = re.compile(r"\bor\s*$", re.IGNORECASE)
_NO_THING = re.compile(
    r"\b(?:face|hands?|heart|symbol|sign|thumbs?|finger|eyes|arrow|mark|button|sparkles?|fire|hundred|zzz|gesture|person|man|woman|"
    r"monkey|speech|thought|warning|check|cross|ornament|square|circle|party|star)\b"
)
_ANIMALS = re.compile(
    r"\b(?:dog|cat|mouse|hamster|rabbit|fox|bear|panda|koala|tiger|lion|cow|pig|frog|monkey|wolf|unicorn|horse) face\b"
)
_PLAIN = {
    "automobile": "car", "adhesive bandage": "bandage", "drop of blood": "blood", "bouquet": "flowers", "delivery truck": "truck",
    "oncoming automobile": "car", "house building": "house", "spiral shell": "shell", "hot beverage": "drink",
}  # fmt: skip
_HUE = re.compile(r"^(?:red|green|black|white|blue|yellow|deciduous|evergreen|ripe) (?=\w)")
_UNNAMED = re.compile(r" (?:face|head|symbol|sign|with|emoji|facing|medium|light|dark)\b.*$")


def _spelled(message: str) -> str:
    """`How many 🐶` → `How many dogs`, `🐕 or 🐺` → `dog or wolf`. Elsewhere an emoji is decoration, and is left to `regular` to drop."""
    out = ""
    for place, char in enumerate(message):
        is_emoji = unicodedata.category(char) == "So"
        if is_emoji and _NOUN_AFTER.search(out) and _is_named(char):
            noun = _noun(char)
            is_many = re.search(r"\b(?:many|some|any)\s*$", out, re.IGNORECASE) and noun not in _MASS
            out = f"{out.rstrip()} {plural(noun) if is_many and noun else noun}"
        elif is_emoji and (_OR.search(out) or _NOUN_BEFORE.match(message[place + 1 :])) and _is_thing(char, out):
            out = f"{out.rstrip()} {_noun(char)} ".lstrip()
        else:
            out += char
    return out


_MASS = frozenset(("blood", "fire", "milk", "bread", "rice", "cheese"))


def _noun(char: str) -> str:
    name = unicodedata.name(char, "").lower()
    return _PLAIN.get(name) or _HUE.sub("", _UNNAMED.sub("", name))


def _is_named(char: str) -> bool:
    """Not a face or a mark, which say how something is meant."""
    name = unicodedata.name(char, "").lower()
    return bool(_ANIMALS.search(name)) or not _NO_THING.search(name)


def _is_thing(char: str, before: str) -> bool:
    """Alone or after "or": behind a sentence it decorates."""
    return _is_named(char) and (not any(c.isalnum() for c in before) or _OR.search(before) is not None)
