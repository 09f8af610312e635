"""What is remarkable about a photo and its file: one closed list, with the sentences that people read."""

from collections.abc import Iterable
from dataclasses import dataclass

PANORAMA = 3.0  # longer than wide (or wide than long) by this, and the models' square shows little of it


@dataclass(frozen=True)
class PhotoNote:
    """`upload`: said when the photo is taken. `doubt`: said before an answer, which then counts as a guess. `remark`: said
    after an answer. Both say which photo."""

    name: str
    upload: str
    doubt: str = ""
    remark: str = ""


ROWS_MISSING = PhotoNote("rows_missing", "The file was cut short, so the last rows of the photo are missing.")
BAD_PROFILE = PhotoNote("bad_profile", "The colour profile could not be read, so the colours may differ.")
TONE_MAPPED = PhotoNote("tone_mapped", "The photo's HDR colours were converted to the standard range.")
FIRST_ONLY = PhotoNote("first_only", "The file has several pictures; only the first was taken.")
ONE_COLOUR = PhotoNote("one_colour", "The photo is almost one colour.", doubt="{photo} is almost one colour.")
NOISE = PhotoNote("noise", "The photo looks like noise.", doubt="{photo} looks like noise.")
WIDE = PhotoNote(
    "wide",
    "The photo is very wide; the models see it squashed to a square.",
    remark="{photo} is very wide and was squashed to a square for the model, which may have missed details.",
)
TALL = PhotoNote(
    "tall",
    "The photo is very tall; the models see it squashed to a square.",
    remark="{photo} is very tall and was squashed to a square for the model, which may have missed details.",
)
NOTES = (ROWS_MISSING, BAD_PROFILE, TONE_MAPPED, FIRST_ONLY, ONE_COLOUR, NOISE, WIDE, TALL)


def named(names: Iterable[str], width: int, height: int) -> list[PhotoNote]:
    """The notes of these names, and of the photo's shape. A name of a later version is skipped."""
    wanted = set(names)
    if height and width >= PANORAMA * height:
        wanted.add(WIDE.name)
    if width and height >= PANORAMA * width:
        wanted.add(TALL.name)
    return [note for note in NOTES if note.name in wanted]
