"""Parts of a photo by their names, as questions speak of them: "the sign on the left", "in the upper right corner". Pure.

Only what means the photo: a left shoe is its owner's, and what is left over is no side.
"""

import re

from devices.contract.values import Crop

NAMES = (
    "left", "right", "top", "bottom", "middle", "upper left", "upper right", "lower left", "lower right",
)  # fmt: skip
PHRASES = {name: f"in the {name} corner" if " " in name else f"on the {name}" for name in NAMES} | {
    "top": "at the top",
    "bottom": "at the bottom",
    "middle": "in the middle",
}
HALF = 0.5
MIDDLE = (0.25, 0.75)
_THING = (
    r"(?:signs?|labels?|posters?|plates?|menus?|notes?|notices?|pages?|screens?|displays?|boards?|billboards?|banners?|plaques?|"
    r"tags?|stickers?|boxe?s?|bottles?|cans?|jars?|doors?|walls?|windows?|shops?|stores?|bus|buses|cars?|trucks?|vans?|text|words?|"
    r"writing|lettering|lines?|numbers?|columns?|half|corner|side|part|edge)"
)
_ROW = r"(?:upper|top|lower|bottom)"
_SIDE = r"(?:left|right)"
_OF_PHOTO = r"(?! (?:of|from) (?!(?:the|this|that|my) (?:photo|picture|image|scene|frame|shot)\b))"
_END = rf"(?:[- ]hand)?(?: (?:side|corner|half|edge|part|third))?\b{_OF_PHOTO}(?! (?:shoe|foot|hand|arm|leg|eye|ear|sleeve|sock|glove))"
_PATTERN = re.compile(
    rf"\b(?:(?:on|at|to|in|from) (?:the |its )?(?:very |far )?(?:(?P<row>{_ROW})[- ])?(?P<side>{_SIDE}){_END}"
    rf"|(?:in|at|on) the (?:very )?(?P<row2>{_ROW}) (?:half|part|edge|third|row)\b{_OF_PHOTO}"
    rf"|(?:at|on|in) the (?:very )?(?P<end>top|bottom)\b(?! (?:shelf|of (?!(?:the|this) (?:photo|picture|image)\b)))"
    rf"|in the (?P<middle>middle|cent(?:re|er))\b{_OF_PHOTO}"
    rf"|the (?:(?P<row3>{_ROW})[- ])?(?P<side2>{_SIDE})(?:[- ]hand|most)? {_THING}\b"
    rf"|the (?P<row4>{_ROW})(?:most)? {_THING}\b|the (?P<most>left|right|top|bottom)most\b)"
)


def region_of(question: str) -> str:
    """The name of the region that a question speaks of; empty for the whole photo, and for two regions at once."""
    names = {_name(match) for match in _PATTERN.finditer(question.lower())}
    return names.pop() if len(names) == 1 else ""


def without_region(question: str) -> str:
    """ "what is on the left?" -> "what is?"; the words around it stay."""
    return " ".join(_PATTERN.sub(" ", question).split())


def crop_of(name: str) -> Crop:
    """A half of the photo, a quarter, or its middle. Raises ValueError for no name."""
    if name not in NAMES:
        raise ValueError(f"there is no region {name!r}")
    if name == "middle":
        return Crop(left=MIDDLE[0], top=MIDDLE[0], right=MIDDLE[1], bottom=MIDDLE[1])
    words = name.split()
    return Crop(
        left=HALF if "right" in words else 0.0,
        top=HALF if {"bottom", "lower"} & set(words) else 0.0,
        right=HALF if "left" in words else 1.0,
        bottom=HALF if {"top", "upper"} & set(words) else 1.0,
    )


def has_middle_in(crop: Crop, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether the middle of a rectangle lies in the crop."""
    return crop.left <= (left + right) / 2 <= crop.right and crop.top <= (top + bottom) / 2 <= crop.bottom


def _name(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups["middle"]:
        return "middle"
    side = groups["side"] or groups["side2"] or ""
    row = next(filter(None, (groups[name] for name in ("row", "row2", "row3", "row4", "end"))), groups["most"] or "")
    if not side and row in ("left", "right"):
        return row
    is_low = row in ("lower", "bottom")
    if side and row:
        return f"{'lower' if is_low else 'upper'} {side}"
    return side or ("bottom" if is_low else "top")
