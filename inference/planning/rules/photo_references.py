"""Which photo of the conversation a request is about: "describe the previous photo again", "is that the same bird as before?"."""

import re
from dataclasses import dataclass

from inference.planning.rules.wording import PHOTO

_WHICH = r"previous|earlier|first|last|other|preceding|prior|old|older"
_THE, _BEHIND = r"(?:the|my|that|your)", rf"{PHOTO} (?:from )?before(?: (?:this|that)(?: one)?)?"
_POINTED = re.compile(rf"\b{_THE} (?:(?P<which>{_WHICH}) {PHOTO}|{_BEHIND})(?: again\b)?")
# Beside this photo also "the previous one" is a photo; alone it may be a dog.
_ONE = rf"{_THE} (?:(?P<which>{_WHICH}) (?:{PHOTO}|one)|{_BEHIND})"
_COMPARE = re.compile(
    rf"^(?:compare|contrast|what (?:is|are) the differences? between|how (?:is|does) (?:this|it)(?: {PHOTO})? (?:differ(?:ent)? from|compare (?:to|with))) "
    rf"(?:(?:this|it|the two|these|both)(?: (?:one|{PHOTO}))?)?\b.*"
)
_MORE = re.compile(
    rf"^(?:are there|do you see|is there) (?:more|fewer|less|as many|as much|the same number of) (?P<noun>(?:(?! in )[a-z -])+?)(?: (?:here|now|(?:in|on) this(?: (?:one|{PHOTO}))?))?"
    rf" (?:than|as) (?:(?:in|on) )?{_ONE}$"
)
_BOTH = re.compile(rf"^(?P<here>.*\b(?:here|this (?:one|{PHOTO}))) and (?:(?:in|on) )?{_ONE}$")
_LIKE = re.compile(rf" ?(?:as|like|than) (?:(?:in|on) )?{_ONE}$")

_PRESENT = {"was": "is", "were": "are", "did": "does", "had": "has"}
_PAST = re.compile(rf"\b(?:{'|'.join(_PRESENT)})\b")


@dataclass(frozen=True)
class PhotoReference:
    """`before`: how many photos back; 0 is the photo at hand. `text`: the request with that photo as "this photo"."""

    before: int
    text: str


def pointed(text: str, earlier: int, new: bool) -> PhotoReference | None:
    """None where only the photo at hand is spoken of. `earlier`: photos before it; `new`: nothing was asked about it yet."""
    match = _POINTED.search(text)
    if match is None:
        return None
    rewritten = f"{text[: match.start()]}this photo{text[match.end() :]}".strip()
    return PhotoReference(_back(match["which"], earlier, new), _PAST.sub(lambda one: _PRESENT[one[0]], rewritten))


def compared(text: str, earlier: int) -> int | None:
    """How many photos back the one lies with which this one is to be compared as a whole."""
    match = re.search(_ONE, text) if _COMPARE.match(text) else None
    return None if match is None else _back(match["which"], earlier, True) or 1


def counted(text: str, earlier: int) -> tuple[str, int] | None:
    """`Are there more dogs here than in the first photo?` -> what is counted, and how many photos back as well."""
    match = _MORE.match(text)
    return None if match is None else (match["noun"], _back(match["which"], earlier, True) or 1)


def both(text: str, earlier: int) -> tuple[str, int] | None:
    """`Count the cats here and in the previous photo` -> what is asked here, and how many photos back as well."""
    match = _BOTH.match(text)
    return None if match is None else (match["here"], _back(match["which"], earlier, True) or 1)


def likened(text: str, earlier: int) -> int:
    """Of "the same bird as in the first photo": how many photos back; the one before where none is named."""
    match = _LIKE.search(text)
    return (_back(match["which"], earlier, True) or 1) if match else 1


def _back(which: str | None, earlier: int, new: bool) -> int:
    if which == "first":
        return earlier
    return 0 if which == "last" and not new else 1
