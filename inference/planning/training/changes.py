"""A request that changes an earlier draft: "the same with secure aggregation", "twice the rounds", "make that 40". Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from inference.planning.rules.numerals import DURATION, seconds
from inference.planning.training.tables import BOUNDS, DEVICES, Draft, ExtractedField

# What says that a request goes on from the one before.
_GOES_ON = re.compile(
    r"\b(?:same|again|rest|unchanged|instead|(?:as|than|like) (?:before|last time|the last)|what we had|last time|make (?:it|that|them)|"
    r"also|twice|double|half|more|fewer|less|drop|add|raise|lower|reduce|increase|change|keep|rather|"
    r"switch|swap|bump|this time|wrong|i meant|mistake|leave|everything|too|as well|go (?:back|down|up)|actually|only)\b"
)
_UNITS = (("rounds", r"rounds?"), ("clients", DEVICES), ("local_epochs", r"(?:local )?epochs?"))
_FACTORS = {"twice": 2.0, "double": 2.0, "triple": 3.0, "half": 0.5}
_FACTOR = rf"{'|'.join(_FACTORS)}|\d+ times"
_LESS = ("shorter", "less", "fewer", "remove", "subtract", "minus")
_STEPS = (
    r"\b(?P<n>\d+|one) (?P<way>more|fewer|less|extra|additional) {unit}\b",
    r"\b(?P<n>\d+) {unit} (?P<way>more|fewer|less|extra)\b",
    r"\b(?P<way>add|remove|subtract|plus|minus) (?:another )?(?P<n>\d+) {unit}\b(?! to\b)",
)
_LONGER = re.compile(rf"{DURATION.pattern} (?P<way>longer|more|shorter|less|fewer|extra)\b")
_BETWEEN = r"(?: as many| so many| as much| less| fewer| the| than| number of| of| times)*"
_NUMBER = r"\d+(?:\.\d+)?"


@dataclass(frozen=True)
class Relative:
    """`text` without what is said in relation to the earlier draft, or as a range; `fields` that follow from the earlier draft;
    `open`: fields of which a range was said."""

    text: str
    fields: Mapping[str, ExtractedField]
    open: frozenset[str]


def relative(text: str, before: Draft) -> Relative:
    """`text` is regular (training.wording)."""
    fields, left_open = dict[str, ExtractedField](), set[str]()
    for name, unit in _UNITS:
        ranged = rf"\b(?:between {_NUMBER} and|{_NUMBER} ?(?:to|or|-|–)) {_NUMBER} {unit}\b"
        if re.search(ranged, text):
            left_open.add(name)
            text = re.sub(ranged, " ", text)
        value = before.named[name].value if name in before.named else None
        factor = re.search(rf"\b(?P<factor>{_FACTOR}){_BETWEEN} {unit}\b", text)
        step = next(filter(None, (re.search(pattern.format(unit=unit), text) for pattern in _STEPS)), None)
        for match in filter(None, (factor, step)):
            text = text.replace(match[0], " ")
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                result = value * _factor(match["factor"]) if match is factor else value + _signed(match)
                if BOUNDS[name][0] <= result <= BOUNDS[name][1]:
                    fields[name] = ExtractedField(int(result), match[0])
            else:
                left_open.add(name)
    for match in _LONGER.finditer(text):
        name = (
            "wall_clock_s" if "wall_clock_s" in before.named and "round_deadline_s" not in before.named else "round_deadline_s"
        )
        value = before.named[name].value if name in before.named else None
        if isinstance(value, (int, float)) and (length := DURATION.search(match[0])):
            result = value + seconds(length) * (-1 if match["way"] in _LESS else 1)
            if BOUNDS[name][0] <= result <= BOUNDS[name][1]:
                fields[name] = ExtractedField(int(result), match[0])
        text = text.replace(match[0], " ")
    return Relative(text, fields, frozenset(left_open))


def by_each_other(text: str, draft: Draft) -> dict[str, ExtractedField]:
    """Fields that follow from another of the same message: "ten boards and twice as many rounds". `text` is regular."""
    fields = dict[str, ExtractedField]()
    for name, unit in _UNITS:
        match = re.search(rf"\b(?P<factor>{_FACTOR}) as many {unit}(?: as (?P<base>\w+))?", text)
        others = [other for other, _ in _UNITS if other != name and other in draft.named]
        if match is None or name in draft.named:
            continue
        if base := match["base"]:
            others = [other for other in others if re.fullmatch(dict(_UNITS)[other], base)]
        value = draft.named[others[0]].value if len(others) == 1 else None
        if (
            isinstance(value, (int, float))
            and BOUNDS[name][0] <= (result := value * _factor(match["factor"])) <= BOUNDS[name][1]
        ):
            fields[name] = ExtractedField(int(result), match[0])
    return fields


def _signed(match: re.Match[str]) -> int:
    return (1 if match["n"] == "one" else int(match["n"])) * (-1 if match["way"] in _LESS else 1)


def _factor(words: str) -> float:
    """ "twice" or "3 times"."""
    return _FACTORS[words] if words in _FACTORS else float(words.split()[0])


def goes_on(text: str, draft: Draft) -> bool:
    """Whether a request takes what it does not name from the one before."""
    return bool(_GOES_ON.search(text)) or "dataset" not in draft.named


def changed(before: Draft, draft: Draft) -> Draft:
    """The earlier draft with the fields of this one in place of its own."""
    earlier = dict(before.named)
    if "partition" in draft.named and draft.named["partition"].value == "iid":
        earlier.pop("alpha", None)
    if "privacy" in draft.named and not draft.named["privacy"].value:
        earlier = {name: field for name, field in earlier.items() if name not in ("noise_multiplier", "clip")}
    if "compression" in draft.named and draft.named["compression"].value == "none":
        earlier.pop("bits", None)
    return Draft({**earlier, **draft.named}, draft.notes)
