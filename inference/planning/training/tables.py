"""What a request to train says: the fields of a run that its words name, each with those words. Everything else is a default.

Nothing is guessed: a number that the words do not hold is not in the result, so each field of a draft can be traced.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from inference.planning.rules.numerals import DURATION, NUMBER, RATE, bytes_per_s, digits, seconds
from inference.planning.training import wording

Value = int | float | str | bool | list[str]
# The bounds of federation.runs.spec.RunSpec for what a sentence can name; a test compares them.
BOUNDS: dict[str, tuple[float, float]] = {
    "clients": (1, 1000),
    "rounds": (1, 1000),
    "local_epochs": (1, 50),
    "batch_size": (1, 1024),
    "learning_rate": (1e-6, 10.0),
    "alpha": (0.01, 1000.0),
    "noise_multiplier": (0.0, 100.0),
    "clip": (0.001, 1000.0),
    "quorum": (1, 1000),
    "bits": (0.1, 16),
    "round_deadline_s": (1, 86400),
    "wall_clock_s": (1, 7 * 86400),
    "uplink_bytes_per_s": (1000, 10**10),
    "downlink_bytes_per_s": (1000, 10**10),
    "seed": (0, 2**31 - 1),
}
WHOLE = {"clients", "rounds", "local_epochs", "batch_size", "quorum", "seed"}
PRIVACY = ("noise_multiplier", "clip")


@dataclass(frozen=True)
class ExtractedField:
    value: Value
    words: str  # of the request, that name it


@dataclass
class Draft:
    """`named` by field, flat; `notes` are sentences about what could not be taken as it was said."""

    named: dict[str, ExtractedField] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unknown_dataset: str = ""  # that the message names

    def spec(self) -> dict[str, Any]:
        """As RunSpec reads it; fields that the words do not name are left to its defaults."""
        spec: dict[str, Any] = {name: field.value for name, field in self.named.items() if name not in (*PRIVACY, "privacy")}
        if any(name in self.named for name in PRIVACY) or ("privacy" in self.named and self.named["privacy"].value):
            spec["privacy"] = {name: self.named[name].value for name in PRIVACY if name in self.named}
        return spec

    def why(self) -> dict[str, str]:
        """The words behind each field of `spec`; what is not here is a default."""
        words = {name: field.words for name, field in self.named.items() if name not in PRIVACY}
        if inside := [self.named[name].words for name in PRIVACY if name in self.named]:
            words["privacy"] = ", ".join(inside)
        return words


DEVICES = (
    r"(?:boards?|devices?|clients?|nodes?|jetsons?|nanos?|participants?|machines?|workers?|peers?|parties|sites?|computers?)"
)
_IS = r"(?: ?[=:] ?| of | is | to | at | be | )"
_N = rf"(?<![\w.-])({NUMBER})"
_AHEAD = rf"(?<![\w.=:-])({NUMBER})"  # ahead of its noun: in "clients=10 rounds=20" the 10 is of the clients
_NUMBERS: tuple[tuple[str, str], ...] = (
    ("quorum", rf"\bquorum{_IS}(?:at least )?{_N}|\b(?:at least|minimum(?: of)?|min) {_N} (?:replies|answers|updates|responses|reports)\b"),
    ("local_epochs", rf"{_AHEAD} (?:local |full |training )?(?:epochs?|passes)\b|\b(?:local[ _])?epochs?{_IS}{_N}"),
    ("rounds", rf"{_AHEAD} (?:[a-z-]+ )?rounds?\b|\brounds?(?: ?[=:] ?| to | ){_N}"),
    ("batch_size", rf"\b(?:(?:mini-?)?batch(?:es)?(?:[ _-]?sizes?)?|bs){_IS}{_N}|{_AHEAD} (?:images|photos|examples) (?:per|a) batch\b"),
    ("learning_rate", rf"\b(?:learning[ _-]?rate|lr|step size){_IS}(?:of )?{_N}"),
    ("alpha", rf"\b(?:alpha|concentration){_IS}{_N}|\bdirichlet ?\(?{_N}"),
    ("noise_multiplier", rf"\bnoise(?:[ _-]multiplier)?{_IS}{_N}"),
    ("clip", rf"\bclip(?:ping|ped)?(?: norm| bound)?{_IS}{_N}"),
    ("bits", rf"{_N}[ -]?bits?\b(?! ?/| ?per s)|\bbits{_IS}{_N}"),
    ("seed", rf"\b(?:random )?seed{_IS}{_N}"),
    ("clients", rf"{_AHEAD} (?:(?!rounds?\b|epochs?\b|local\b|bad\b|malicious\b|hostile\b|faulty\b|broken\b|dishonest\b|byzantine\b|slow\b)[a-z'-]+ ){{0,2}}{DEVICES}\b(?! (?:lost|missing|dropp?\w*|fail\w*|may|could|offline|down))|\b(?:number of )?{DEVICES}(?: ?[=:] ?| to | ){_N}(?! (?:rounds?|(?:local )?epochs?|bits?|minutes?|seconds?|hours?))"),
)  # fmt: skip
_CHOICES: tuple[tuple[str, Value, str], ...] = (
    ("dataset", "cifar10", r"\bcifar(?:[ -]?10\b|(?![ -]?100\b))"),
    ("dataset", "digits", r"\b(?:hand-?writ\w+ )?digits?\b|\bhand-?writ\w+ (?:numbers?|numerals?)\b"),
    ("dataset", "photos", r"\b(?:my|our|their|own|other's|boards'?|devices'?|jetsons'?|cameras'?)(?: own)?(?: \w+){0,2} (?:photos?|pictures?|images?|pics)\b"
                          r"|\b(?:photos?|pictures?|images?|pics) (?:that )?(?:we|i|they|people)(?: have|'ve)? \w+"
                          r"|\b(?:photos?|pictures?|images?|pics) (?:that are )?(?:kept|stored|held|lying|sitting) (?:there|on|in)\b"
                          rf"|\b(?:photos?|pictures?|images?|pics) (?:that )?(?:my|our|the|their|these|those|each|all) (?:\w+ )?{DEVICES} (?:hold|have|keep|store|take|took|own)"
                          r"|\blabell?ed (?:\w+ )?(?:photos?|pictures?|images?|pics)\b"
                          r"|\b(?:photos?|pictures?|images?) (?:on|of|from|stored on|that are on) (?:my|our|the|these|each|all)\b"),
    ("model", "resnet-small", r"\bres-?net\w*(?:[ -]small)?\b|\bresidual (?:net\w*|model)\b"),
    ("model", "cnn-small", r"\b(?:small |simple |little |plain )?(?:cnn|conv-?net|convolutional net\w*)(?:[ -]small)?\b"),
    ("strategy", "trimmed-mean", r"\btrimmed[ -]?means?\b"),
    ("strategy", "krum", r"\b(?:multi-?)?krum\b"),
    ("strategy", "scaffold", r"\bscaffold\b"),
    ("strategy", "fedprox", r"\bfed[ -]?prox\b|\bproximal\b"),
    ("strategy", "fedadam", r"\bfed[ -]?adam\b|\badam on the server\b"),
    ("strategy", "fedavg", r"\bfed[ -]?avg\b|\bfederated averag\w+"),
    ("strategy", "trimmed-mean", r"\b(?:robust\w*|byzantine|malicious|hostile|poison\w*|(?:bad|broken|faulty) (?:clients|boards|devices|nodes)|garbage)\b"),
    ("partition", "dirichlet", r"\bnon-?iid\b|\bnon-?i\.i\.d\b|\b(?:un-?even\w*|skew\w*|heterogen\w*|dirichlet|un-?balanced|un-?equal\w*)\b"),
    ("partition", "iid", r"\biid\b|\b(?:even(?:ly)?|equal(?:ly)?|uniform(?:ly)?)\b (?:split|spread|distribut\w+|shared|divided|partition\w*|data)\b|\b(?:split|spread|distribut\w+|divided?) (?:the data )?(?:even|equal|uniform)ly\b"),
    ("compression", "none", r"\b(?:no|without(?: any)?|un-?|not|don't|do not) ?compress\w*|\bun-?compressed\b|\bfull precision\b"),
    ("compression", "sketch", r"\bcompress\w*|\bsketch\w*|\bquanti[sz]\w+"),
    ("secure_aggregation", False, r"\b(?:no|without|skip) (?:secure aggregation|sec-?agg|mask\w*)"),
    ("secure_aggregation", True, r"\b(?:secur|encrypt)\w+ (?:of )?(?:the )?(?:aggregat\w+|sum\w*)|\bsecure? agg\b|\bsec-?agg\b|\bmask(?:s|ed|ing)?\b|\bonly (?:sees?|learns?|gets?) the (?:sum|total|aggregate)\b"
                                 r"|\b(?:nobody|no one|never|not even the server|without)\b[^.;]*\b(?:individual|single|separate|each)\b[^.;]*\bupdates?\b|\b(?:keep|hide|with)\b[^.;]*\bupdates? (?:secret|private|hidden)\b"),
    ("privacy", False, r"\b(?:no|without) (?:differential privacy|dp|privacy)\b"),
    ("privacy", True, r"\bdifferential\w* priva\w+|\bdp\b|\bdp-?sgd\b|\bprivacy\b|\bprivately\b|\bno single (?:photo|person|image|example)\b"),
)  # fmt: skip
_PAIR = re.compile(
    r"\b(rounds?|clients?|epochs?|devices|nodes|boards|seed|bits|quorum|alpha|lr|rate|size|noise|clip)\s*[:=]\s*"
)
_UNKNOWN_SETS = re.compile(r"\b(?:imagenet|cifar[ -]?100|f?e?mnist|fashion[ -]?mnist|coco|svhn|celeba|stl[ -]?10)\b(?!-like)")
_EPSILON = re.compile(rf"\b(?:epsilon|ε|eps){_IS}{NUMBER}")
_READERS = [(name, re.compile(pattern)) for name, pattern in _NUMBERS]
_CHOOSERS = [(name, choice, re.compile(pattern)) for name, choice, pattern in _CHOICES]
_INSTEAD = re.compile(r"\b(?:instead of|rather than|not on|not) (?:(?:the|on|our|my|a) )*$")  # what follows is not wanted
# "without seeing their photos" says how one trains here anyway, not on what.
_UNSEEN = re.compile(
    r"\b(?:without|never|not) (?:ever )?(?:see|seeing|look|looking at|upload|uploading|mov\w+|send|sending|collect|collecting|"
    r"copy|copying|touch|touching|leaking|leak|leaving|having|sharing) [\w' ]*?(?:photos?|pictures?|images?|data)\b"
)
_PER_ROUND_BEHIND = re.compile(
    r"^ *(?:limit|deadline|time-?out|max|maximum|at most|time)* *(?:per|each|every|a|for each|for every) round\b|^ *(?:deadline|time-?out)\b"
)
_PER_ROUND_AHEAD = re.compile(
    r"\brounds? (?:of|with|at|to|a|to per|to each) (?:at most |up to |max(?:imum)? |about |no more than )?$|\b(?:stragglers?|laggards?|slow (?:ones|devices|boards|clients)|deadline|time-?out)\b[^,;.]*$|\b(?:per|each|every|a|one|any) round\b[^,;.]*$|\bround(?: |_|-)?(?:deadline|limit|time-?out|time)\w*[^,;.]*$"
)


def regular(message: str) -> str:
    """A message in English as `read` takes it apart."""
    return wording.regular(_PAIR.sub(r"\1=", digits(_UNSEEN.sub(" ", _spaced(message).lower()))))


def read(message: str, lower: str = "") -> Draft:
    """The fields that the message names. Never raises: what is out of bounds is left out and noted. `lower`: the regular
    message, where something was taken out of it."""
    text = _spaced(message)
    lower = lower or regular(message)
    draft = Draft()
    for name, value, words in _fields(lower):
        take(draft, name, value, as_typed(words, text))
    for name, rate, words in _rates(text):
        take(draft, name, rate, words)
    if classes := wording.classes(lower):
        if draft.named.get("dataset", ExtractedField("photos", "")).value == "photos":
            draft.named["classes"] = ExtractedField(classes, ", ".join(classes))
        else:
            draft.notes.append(f"Classes can be chosen only for the devices' own photos, so {', '.join(classes)} are not set.")
    if unknown := _UNKNOWN_SETS.search(lower):
        draft.unknown_dataset = unknown[0]
        draft.notes.append(f"There is no data set “{unknown[0]}” here; choose one of digits, cifar10 and photos.")
    if _EPSILON.search(lower):
        draft.notes.append(
            "The privacy budget is a result, not a setting: set the noise, and the run reports the epsilon spent."
        )
    return completed(draft)


def completed(draft: Draft) -> Draft:
    """With what its fields imply, and without those that others rule out."""
    named = draft.named
    if "alpha" in named and "partition" in named and named["partition"].value == "iid":
        draft.notes.append(f"Data that is spread evenly has no “{named.pop('alpha').words}”; it was left out.")
    if "alpha" in named and "partition" not in named:
        named["partition"] = ExtractedField("dirichlet", named["alpha"].words)
    if "bits" in named and "compression" not in named:
        named["compression"] = ExtractedField("sketch", named["bits"].words)
    return draft


def as_typed(words: str, text: str) -> str:
    """`10 boards` as the message has it: "ten boards"."""
    typed = text.split()
    if any(char.isdigit() for char in words) and words not in text.lower():
        for first in range(len(typed)):
            for last in range(first + 1, min(first + 9, len(typed)) + 1):
                phrase = " ".join(typed[first:last]).strip(" ,;:.!?")
                if digits(phrase.lower()) == words:
                    return phrase
    return words


def _spaced(message: str) -> str:
    return " ".join(message.replace("’", "'").replace("‑", "-").replace("α", "alpha").split())


def _fields(text: str) -> Iterator[tuple[str, Value, str]]:
    remaining = text
    for name, pattern in _READERS:
        if match := pattern.search(remaining):
            number = next(group for group in match.groups() if group is not None)
            yield name, float(number), match[0].strip()
            remaining = remaining[: match.start()] + "," + remaining[match.end() :]  # no words name two numbers
    for name, choice, pattern in _CHOOSERS:
        if match := next((match for match in pattern.finditer(text) if not _INSTEAD.search(text[: match.start()])), None):
            yield name, choice, match[0].strip()
    for match in DURATION.finditer(text):
        each = _PER_ROUND_BEHIND.match(text[match.end() :]) or _PER_ROUND_AHEAD.search(text[: match.start()])
        yield ("round_deadline_s" if each else "wall_clock_s"), seconds(match), match[0]


def _rates(text: str) -> Iterator[tuple[str, float, str]]:
    """A rate is the uplink's unless "down" stands beside it."""
    for match in RATE.finditer(text):
        behind = re.match(r"[ (]*(up|down)", text[match.end() :].lower())
        ahead = re.findall(r"\b(up|down)", re.split(r"[,;.]| and ", text[: match.start()].lower())[-1])
        way = behind[1] if behind else ahead[-1] if ahead else "up"
        yield f"{way}link_bytes_per_s", bytes_per_s(match), match[0]


def take(draft: Draft, name: str, value: Value, words: str) -> None:
    """The first mention counts."""
    if name in draft.named:
        return
    if name in BOUNDS and isinstance(value, (int, float)):
        low, high = BOUNDS[name]
        if not low <= value <= high or (name in WHOLE and value != int(value)):
            draft.notes.append(f"“{words}” is outside {low:g} to {high:g} for {name.replace('_', ' ')}; the default was kept.")
            return
        value = int(value) if name in WHOLE or (value == int(value) and name.endswith("_s")) else float(value)
    draft.named[name] = ExtractedField(value, words)
