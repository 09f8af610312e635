"""Which of its photos a question with several speaks of: "the first photo", "photo 2", "the last two pictures". Pure."""

import re
from dataclasses import dataclass

from inference.engine.questions.nouns import NUMBERS
from inference.planning.several_photos.names import ORDINALS, PHOTO_WORD

_NOUN = rf"{PHOTO_WORD}s?"
_SHORT = ("1st", "2nd", "3rd", "4th", "5th", "6th")
_ORDINAL = rf"(?:{'|'.join((*ORDINALS, *_SHORT))}|last)"
_COUNT = rf"\d{{1,2}}|{'|'.join(NUMBERS[1:])}"
_AND = r"(?:,? and (?:in |on |of )?|, |,? or (?:in |on |of )?|,? than (?:in |on )?|,? (?:with|to|from) )"
_THE = r"(?:the |my )?"
_BY_PLACE = re.compile(
    rf"\b{_THE}(?:(?P<end>first|last) (?P<count>{_COUNT})(?: {_NOUN}| ones)?"
    rf"|(?P<places>{_ORDINAL}(?:(?: {_NOUN}| one)?{_AND}{_THE}{_ORDINAL})*) (?:{_NOUN}|one))\b",
    re.IGNORECASE,
)
_BY_NUMBER = re.compile(
    rf"\b{_THE}{_NOUN} (?:number |no\.? ?|nr\.? ?|# ?)?(?P<numbers>(?:{_COUNT})(?:{_AND}(?:{_NOUN} )?(?:{_COUNT}))*)\b",
    re.IGNORECASE,
)
# A further one beside a photo that was named: "more dogs in the first photo than in the second".
_BESIDE = re.compile(rf"(?<=this photo)(?P<join>.*?{_AND}){_THE}(?P<place>{_ORDINAL})\b(?! \w+ed\b)", re.IGNORECASE)
_SAME = re.compile(rf"this photo(?:{_AND}this photo)+", re.IGNORECASE)
_EARLIER = re.compile(rf"\b(?:previous|earlier|preceding|prior) (?:{_NOUN}|one)\b|\b{_NOUN} before\b", re.IGNORECASE)
_AT_HAND = re.compile(rf"\b(?:this|that) {_NOUN}\b|\bthis one\b|\bhere\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\b(?:than|compare|same|differ\w*|which|or|between|instead|not)\b", re.IGNORECASE)
_VERSUS = re.compile(
    rf"\b(?:the )?(?P<one>{_ORDINAL})(?: {_NOUN}| one)? (?:versus|vs\.?|against|and) (?:the )?(?P<other>{_ORDINAL})\b(?! {_NOUN}| one)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"^\W*(?:(?:and|for|in|on|of|from|only|just|take|look at) )*this photo(?: only| alone)?\s*[,:;.–-]+\s*", re.IGNORECASE
)
# All of them: "in these photos", "of the pictures".
_ALL = re.compile(
    rf"\b(?:(?:all|both|each|every|any)(?: of)? )?(?:the|these|those|my|our) (?:(?:{_COUNT}) )?"
    rf"{PHOTO_WORD}s\b"
    r"|\b(?:all|both|each|every one|any|either) of (?:them|these|those)\b",
    re.IGNORECASE,
)
_THEM = re.compile(
    r"^(?P<verb>(?:please )?(?:describe|caption|classify|name)) (?:them|these|those|both|all|all of them)(?P<end>[ .!?]*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Named:
    """`text`: the question with each photo that it names as "this photo". `numbers`: those photos, 1 being the first one."""

    text: str
    numbers: tuple[int, ...]


def named(question: str, photos: int) -> Named:
    """`photos`: how many there are. A number may be higher than that."""
    numbers = list[int]()

    def by_place(match: re.Match[str]) -> str:
        if match["end"]:
            count = min(_number(match["count"]), photos)
            numbers.extend(range(1, count + 1) if match["end"].lower() == "first" else range(photos - count + 1, photos + 1))
        else:
            numbers.extend(_place(word, photos) for word in re.findall(rf"\b{_ORDINAL}\b", match["places"], re.IGNORECASE))
        return "this photo"

    def by_number(match: re.Match[str]) -> str:
        numbers.extend(_number(word) for word in re.findall(rf"\b(?:{_COUNT})\b", match["numbers"], re.IGNORECASE))
        return "this photo"

    def beside(match: re.Match[str]) -> str:
        numbers.append(_place(match["place"], photos))
        return f"{match['join']}this photo"

    text = _BY_NUMBER.sub(by_number, _BY_PLACE.sub(by_place, question))
    if numbers:
        text = _BESIDE.sub(beside, text)
    return Named(_SAME.sub("this photo", text), tuple(sorted(dict.fromkeys(numbers))))


def numbered(question: str, photos: int) -> Named:
    """Photos that are named beside each other, "photos two and four", "the second and the third picture", "first versus last";
    none for a question that compares one with another."""
    if _TOGETHER.search(question):
        return Named(question, ())
    result = named(_VERSUS.sub(r"the \g<one> and the \g<other> photo", question), photos)
    if result.text.count("this photo") > 1:  # each with a question of its own
        return Named(question, ())
    text = _ALONE.sub("", result.text) if len(result.numbers) > 1 else question
    return Named(text if any(c.isalnum() for c in text) else question, result.numbers)


def of_each(question: str) -> str:
    """A question about all of the photos as it is of one."""
    return _THEM.sub(r"\g<verb> this photo\g<end>", _ALL.sub("this photo", question))


def speaks_of_earlier(question: str) -> bool:
    """Of a photo that an earlier question had."""
    return bool(_EARLIER.search(question))


def speaks_of_one_at_hand(question: str) -> bool:
    """As the programs do that send one photo after another: "this photo" is then the last one."""
    return bool(_AT_HAND.search(question))


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else NUMBERS.index(word.lower())


def _place(word: str, photos: int) -> int:
    lower = word.lower()
    if lower == "last":
        return photos
    return (ORDINALS.index(lower) if lower in ORDINALS else _SHORT.index(lower)) + 1
