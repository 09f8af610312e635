"""English that answers are put into."""

from inference.engine.doubt import Certainty
from inference.engine.questions.nouns import NUMBERS, is_plural

DIGITS = {str(n): word for n, word in enumerate(NUMBERS)}
CANNOT_TELL = "I cannot tell"
SOUNDS_LIKE_YOU = ("uni", "eu", "use", "ukulele", "one")  # a unicycle
UNCOUNTABLE = ("broccoli", "guacamole", "espresso", "consomme", "carbonara", "dough", "hay", "food", "water", "grass", "snow")
SILENT_H = ("hour", "honest", "heir")  # an hourglass


def spelled(text: str) -> str:
    """A number up to twelve as a word; anything else as it is."""
    return DIGITS.get(text, text)


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def full_stop(text: str) -> str:
    """With one full stop at the end, whatever the tokenizer left there."""
    text = text.rstrip()
    return text if text.endswith(("!", "?")) else f"{text.rstrip(' .')}."


def hedged(certainty: Certainty, text: str) -> str:
    """The text as part of a sentence, with the doubt that it needs."""
    match certainty:
        case Certainty.FLAT:
            return text
        case Certainty.PROBABLE:
            return f"probably {text}"
        case Certainty.GUESS:
            return f"a guess: {text}"
        case Certainty.NONE:
            return CANNOT_TELL


def presence_question(thing: str) -> str:
    """ "dog" -> "is there a dog?"."""
    name = thing.strip().lower().rstrip(".?!")
    return f"{'are' if is_plural(name.split()[-1]) else 'is'} there {with_article(name)}?"


def with_article(name: str) -> str:
    first, last = name.lower().split()[0], name.lower().split()[-1]
    if last in UNCOUNTABLE or first in {"a", "an", "the"} or is_plural(last):
        return name
    vowel = first.startswith(SILENT_H) or (first[0] in "aeiou" and not first.startswith(SOUNDS_LIKE_YOU))
    return f"{'an' if vowel else 'a'} {name}"
