"""What the photos of a question are called: by their places in it, and those of earlier questions by how far back they are."""

from inference.engine.questions.nouns import NUMBERS

PHOTO_WORD = r"(?:photo(?:graph)?|picture|image|pic|shot|snap)"  # of patterns, in the singular
PHOTO_OR_ONE = r"(?:photo(?:graph)?|picture|image|pic|shot|snap|one)"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def photo_before(count: int) -> str:
    return "the photo before" if count == 1 else f"the photo {NUMBERS[count] if count < len(NUMBERS) else count} before"


def photo_name(before: int, photos: int = 1) -> str:
    """`before`: how many photos back. `photos`: how many the question itself has, the last of which is the photo at hand."""
    if before >= photos:
        return photo_before(before - photos + 1)
    return f"the {ORDINALS[photos - 1 - before]} photo" if photos > 1 else "this photo"


def listed(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
