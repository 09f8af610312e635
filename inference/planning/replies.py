"""What is said where no model has to look at the photo."""

import re

from inference.planning.context import Context
from inference.planning.languages.language import unknown_language
from inference.planning.rules.limits import METADATA, NAMES
from inference.planning.rules.rule_parser import ELSEWHERE, NO_EARLIER, SIZE

EMPTY = (
    "The message contains no question. Type what you would like to know about the photo, for example: what is in this photo?"
)
ADDRESS_ALONE = "Addresses in a message are not opened. Add the photo itself and ask about it."
NOTHING_ASKED = "The message only says what not to do. Type what you would like to know about the photo."
NOTHING_FOR_ME = (
    "I read no question in this. Type what you would like to know about the photo, for example: what is in this photo?"
)
WELCOME = "You are welcome. Ask about your photo, for example: what is in this photo?"
GREETING = "Hello. Ask about your photo, for example: what is in this photo?"
GREETING_FIRST = "Hello. Add a photo and ask about it, for example: what is in this photo?"
NO_REQUEST = (
    "I did not understand this request. I can name what a photo shows, describe it, or answer a question about it. "
    "Try, for example: what is in this photo?"
)
NO_PHOTO = "This needs a photo, and there is none yet. Add one and ask again."
ONLY_BEGINNING = "The message is long, and only its beginning was read; ask the rest separately."
ABILITIES = (
    "I can name what a photo shows, describe it, read the text in it, answer short questions about it, compare numbers in "
    "several, and draft a training run. Ask, for example: what is in this photo?"
)
BEYOND = "I cannot do all that the message asks: I only look at photos, describe them, read them and answer short questions."
SYSTEM = "What devices, runs and links are doing is on their pages."  # where nobody looks it up
_ABILITIES = re.compile(r"\bwhat (?:else )?(?:can|could|do|are) (?:you|u|this|it|isthmus)\b|\bhelp\b|\bable to\b")
_THANKS = re.compile(r"\b(?:thanks|thank|thx|cheers|ta|great|perfect|brilliant)\b")


def reply(kind: str, message: str, context: Context, beside: bool = False) -> str:
    """What is said for a kind of plan_lines.SAID. `beside`: steps answer the rest of the message."""
    text = message.lower()
    match kind:
        case "metadata":
            size = SIZE.format(width=context.size[0], height=context.size[1]) if context.size else ""
            return f"{METADATA} {size}".strip()
        case "capability":
            return BEYOND if beside else ABILITIES if _ABILITIES.search(text) else ELSEWHERE
        case "why":
            return context.certainty or NO_EARLIER
        case "thanks":
            return WELCOME if _THANKS.search(text) else GREETING if context.has_photo else GREETING_FIRST
        case "refuse":
            return NAMES
        case "language":
            return unknown_language()
        case "system":
            return SYSTEM
        case _:
            return NOTHING_FOR_ME
