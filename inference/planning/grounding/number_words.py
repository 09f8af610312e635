"""The numbers that a text states: digits, words, ordinals and plurals, each with its unit. English. Pure."""

import re
from dataclasses import dataclass

from inference.planning.rules.numerals import ONES, TENS

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_OTHERS = {"dozen": 12, "pair": 2, "couple": 2, "twice": 2, "double": 2, "thrice": 3, "triple": 3, "single": 1}
_PARTS = ("half", "halves", "quarter", "quarters")  # of something: numbers of their own
_UNITS = {
    "%": "percent", "percent": "percent", "per cent": "percent", "°": "degree", "°c": "degree", "°f": "degree",
    "degree": "degree", "€": "euro", "euro": "euro", "eur": "euro", "$": "dollar", "dollar": "dollar", "usd": "dollar",
    "£": "pound", "pound": "pound", "¥": "yen", "yen": "yen", "cent": "cent", "km": "kilometre", "kilometre": "kilometre",
    "kilometer": "kilometre", "m": "metre", "metre": "metre", "meter": "metre", "cm": "centimetre",
    "centimetre": "centimetre", "centimeter": "centimetre", "mm": "millimetre", "mile": "mile", "foot": "foot",
    "feet": "foot", "ft": "foot", "inch": "inch", "yard": "yard", "kg": "kilogram", "kilogram": "kilogram",
    "kilo": "kilogram", "g": "gram", "gram": "gram", "ton": "ton", "tonne": "ton", "litre": "litre", "liter": "litre",
    "km/h": "km/h", "kph": "km/h", "mph": "mph", "second": "second", "minute": "minute", "hour": "hour", "day": "day",
    "week": "week", "month": "month", "year": "year", "am": "am", "pm": "pm", "times": "times",
}  # fmt: skip
# "One" is a pronoun here: "this one is brown", "one of them", "no one".
_PRONOUN_AFTER = re.compile(r"\b(?:this|that|the|each|every|no|any|some|another|other|which|[a-z]+er|[a-z]+est) $")
_PRONOUN_BEFORE = re.compile(
    r"^ (?:of|is|are|was|has|in|on|at|by|with|and|or|that|which|who|looks|seems|can|could|sees?)\b|^[’']s\b|^[.,;:!?]|^$"
)


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}es" if word.endswith("x") else f"{word}s"


def _ordinal(word: str) -> str:
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"


_VALUES = {**ONES, **TENS, **_SCALES, **_OTHERS}
_VALUES |= {_plural(word): value for word, value in _VALUES.items()} | {
    _ordinal(word): value for word, value in {**ONES, **TENS, **_SCALES}.items()
}
_VALUES |= _ORDINALS
_ALL = "|".join(sorted(map(re.escape, _VALUES), key=len, reverse=True))
_DIGITS = "|".join(word for word, value in _VALUES.items() if 1 <= value <= 9 and word not in _OTHERS)
_SMALL = rf"(?:(?:{'|'.join(TENS)})[ -](?:{_DIGITS})|{_ALL})"
_SCALE = "|".join(_SCALES)
_SPELLED = rf"(?:{_SMALL}(?: (?:{_SCALE})(?:(?: and)? {_SMALL})?)+|(?:{_SCALE})(?: and)? {_SMALL}|{_SMALL})"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<currency>[€$£¥] ?)?"
    rf"(?:(?P<digits>\d+(?:[.,:/-]\d+)*)(?:st|nd|rd|th)?|\b(?P<words>{_SPELLED})\b|\b(?P<part>{'|'.join(_PARTS)})\b)"
    rf"(?:[ -]?(?P<unit>{_UNIT})s?(?!\w))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Number:
    """`text` as it stands there, `value` in digits, `unit` in one spelling, "" without one."""

    text: str
    value: str
    unit: str = ""


def numbers_in(text: str) -> list[Number]:
    found = list[Number]()
    for match in _NUMBER.finditer(text):
        words = (match["words"] or "").lower()
        if words == "one" and text.strip().lower() != "one" and _is_pronoun(text, match):
            continue
        value = _digits(match["digits"]) if match["digits"] else str(_sum(words)) if words else match["part"].lower()
        unit = (match["unit"] or (match["currency"] or "").strip()).lower()
        found.append(Number(match[0], value, _UNITS.get(unit, "")))
    return found


def _is_pronoun(text: str, one: re.Match[str]) -> bool:
    before, after = text[: one.start()].lower(), text[one.end() :]
    return _PRONOUN_AFTER.search(before) is not None or _PRONOUN_BEFORE.match(after) is not None


def _digits(text: str) -> str:
    """Without separators of thousands; "1,000" and "1000" are one number."""
    return text.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text) else text


def _sum(words: str) -> int:
    """ "two hundred and five" -> 205."""
    total = current = 0
    for word in re.findall(r"[a-z]+", words):
        if word == "and":
            continue
        value = _VALUES[word]
        if value in _SCALES.values():
            current = max(1, current) * value
            if value >= 1000:
                total, current = total + current, 0
        else:
            current += value
    return total + current
