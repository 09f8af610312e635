"""Which of the lines that were read a request means: those in a part of the photo, the largest, what they are to say. Pure."""

import re
from collections.abc import Sequence

from inference.engine.answer import TextLine
from inference.engine.questions import regions

LARGEST, SMALLEST = "largest", "smallest"
ABOUT = 0.75  # of the largest letters' height, from which on letters are as large
_TEXT = r"(?:text|letters?|lettering|words?|writing|print|lines?|signs?|headlines?|titles?|numbers?|font)"
_LARGE = re.compile(rf"\b(?:big|bigger|biggest|large|larger|largest|huge|tallest) {_TEXT}\b|\bbig(?:gest)? one\b")
_SMALL = re.compile(rf"\b(?:small|smaller|smallest|tiny|fine) {_TEXT}\b")
_SAYS = re.compile(
    r"^(?:does|do|did) .+? (?:say|read|spell)s? (?P<says>.+)$|"
    r"^is (?:the|this|that|its|his|her) (?:[\w-]+ )?(?:numbers?|words?|text|name|price|plate|date|letters?)\b(?! of\b).*? "
    r"(?P<number>[“\"'].+|[a-z]*-?\d[\w.,:/-]*)$",
    re.IGNORECASE,
)
_IDLE = re.compile(r"^(?:anything|something|what|it|that|so|this)\b", re.IGNORECASE)
_MARKS = " .?!,“”\"'‘’"


def size_of(request: str) -> str:
    """Whether it means the largest or the smallest letters; empty for neither."""
    text = request.lower()
    return LARGEST if _LARGE.search(text) else SMALLEST if _SMALL.search(text) else ""


def as_question(request: str) -> str:
    """A question that names no more than the lines that are meant; empty where all are."""
    region, size = regions.region_of(request), size_of(request)
    if not (region or size):
        return ""
    return " ".join(
        filter(None, [f"what does the {size} text say" if size else "what does it say", regions.PHRASES.get(region, "")])
    )


def meant(question: str, lines: Sequence[TextLine], size: tuple[int, int]) -> list[TextLine]:
    """`size` of the photo in pixels. Empty where the part of the photo that is meant has no text."""
    region = regions.region_of(question)
    if region:
        crop = regions.crop_of(region)
        lines = [line for line in lines if regions.has_middle_in(crop, line.left, line.top, line.right, line.bottom)]
    if not (wanted := size_of(question)) or not lines:
        return list(lines)
    heights = [_height(line, size) for line in lines]
    if wanted == LARGEST:
        return [line for line, height in zip(lines, heights, strict=True) if height >= ABOUT * max(heights)]
    return [line for line, height in zip(lines, heights, strict=True) if height * ABOUT <= min(heights)]


def expected(question: str) -> str:
    """What a yes or no question expects the text to say: "does the sign say STOP?"; empty for any other."""
    match = _SAYS.match(question.strip(" ?.!"))
    text = ((match["says"] or match["number"]) if match else "").strip(_MARKS)
    return "" if _IDLE.match(text) else _without_place(text)


def says(text: str, lines: Sequence[TextLine]) -> bool:
    """Whether the lines say it, one after the other, whatever marks stand between its words."""
    wanted, read = (" ".join(re.findall(r"\w+", one.casefold())) for one in (text, " ".join(line.text for line in lines)))
    return bool(wanted) and f" {wanted} " in f" {read} "


def _without_place(text: str) -> str:
    """ "does it say OPEN on the left?" expects OPEN."""
    region = regions.region_of(text)
    return (
        text[: text.lower().find(regions.PHRASES[region])].strip(_MARKS)
        if region and regions.PHRASES[region] in text.lower()
        else text
    )


def _height(line: TextLine, size: tuple[int, int]) -> float:
    """Of its letters, in pixels, also where it stands on its side."""
    return min((line.right - line.left) * size[0], (line.bottom - line.top) * size[1])
