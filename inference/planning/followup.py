"""What "it", "and the car?" and "this one too" mean, from the requests before. Only where that is plain; else untouched."""

import re
from collections.abc import Sequence

from inference.planning.wording import PHOTO

_PEOPLE = {
    "man",
    "woman",
    "boy",
    "girl",
    "child",
    "kid",
    "baby",
    "person",
    "guy",
    "lady",
    "player",
    "rider",
    "worker",
    "toddler",
    "teenager",
}
_ANIMALS = {"dog", "cat", "horse", "bird", "puppy", "kitten"}  # many people call theirs he or she
_MANY_PEOPLE = {"men", "women", "children", "people"}
_NO_THING = re.compile(
    rf"^(?:{PHOTO}|background|foreground|left|right|middle|centre|center|top|bottom|front|back|side|corner|colou?rs?|number|"
    r"time|day|weather|name|kind|type|breed|is|are|was|one|ones|same|other|many|it|there|in|on|of|a|an|the)$"
)
_ADJECTIVE = (
    r"(?:(?:black|white|brown|red|blue|green|yellow|orange|pink|purple|grey|gray|tan|big|small|little|old|young|tall|large|"
    r"other|first|second|left|right) )*"
)
_THINGS = re.compile(
    rf"\bhow many (?P<many>{_ADJECTIVE}[a-z-]+)|\b(?:breed|kind|type|sort|species) of (?P<kind>[a-z-]+)"
    rf"|\b(?:the|a|an|any|some|my|this|that|these|those) (?P<thing>{_ADJECTIVE}[a-z-]+)"
)
_SUBJECT = re.compile(r"\b(it|he|she|they|them|him)\b")
_OWNER = re.compile(r"\b(its|his|her|their)(?= [a-z])")
# "is it raining" and the like: this "it" stands for nothing.
_NOBODY = re.compile(
    r"^(?:is|was) it (?:rain|snow|sun|cloud|day|night|dark|bright|cold|warm|hot|wind|summer|winter|spring|autumn|indoor|outdoor|"
    r"inside|outside|a |an |the |possible|safe|true|likely|in the |at the |on the )|\b(?:time|season|weather|day|cold|warm|hot|dark) is it\b"
)
_AGAIN = re.compile(
    rf"^(?:and |(?:what|how) about |(?:the )?same (?:question )?(?:for |with |about |here)?|now |again )*"
    rf"(?:(?:this|that|the new|the next|this new|the other|the second) ?(?:one|{PHOTO})?|here|again|same|now)(?: too| as well| please)?$"
)
_AND_NOUN = re.compile(
    rf"^(?:and|(?:and )?(?:what|how) (?:about|of)|or) (?P<noun>(?:(?:the|a|an|any|his|her|its|their) )?{_ADJECTIVE}[a-z-]+)$"
)
_FRAMES = (
    re.compile(r"^(?P<ahead>what colou?r|where|who|how (?:big|old|tall|large|small|long)|what) (?P<be>is|are) (?P<noun>(?:the|that|this|his|her|its|their) [a-z -]+?)(?P<behind>(?: [a-z]+ing)?)$"),
    re.compile(r"^(?P<ahead>how many) (?P<noun>[a-z -]+?)(?P<behind> are there| do you see| can you see)$"),
    re.compile(r"^(?P<be>is|are) (?P<ahead>there) (?P<noun>(?:an?|any|some) [a-z -]+?)(?P<behind>)$"),
)  # fmt: skip


def again(text: str) -> bool:
    """Asks the earlier request once more: of a new photo, or of the same."""
    return bool(_AGAIN.match(text))


def elliptic(text: str) -> str | None:
    """The noun of "and the car?" or "what about the car?"."""
    found = _AND_NOUN.match(text)
    return None if found is None or _NO_THING.match(found["noun"].split()[-1]) else found["noun"]


def reuse(noun: str, earlier: Sequence[str]) -> str | None:
    """The latest earlier question asked about another noun; None where none has a place for it."""
    for question in reversed(earlier):
        for frame in _FRAMES:
            if found := frame.match(question):
                return _refilled(found, noun)
    return None


def _refilled(found: re.Match[str], noun: str) -> str:
    ahead, behind = found["ahead"], found["behind"]
    if ahead == "how many":
        return f"how many {_without_article(noun)}{behind}"
    plural = _plural(noun)
    if ahead == "there":
        article = "any" if plural else "an" if _without_article(noun)[0] in "aeiou" else "a"
        return f"{'are' if plural else 'is'} there {article} {_without_article(noun)}"
    return f"{ahead} {'are' if plural else 'is'} {noun if ' ' in noun else f'the {noun}'}{behind}"


def resolve(question: str, earlier: Sequence[str]) -> tuple[str, str | None]:
    """The question with its pronoun replaced, and what the pronoun was taken for; unchanged and None where it is not plain.

    `earlier` is oldest first. Plain: the question names no thing of its own before the pronoun, and the latest earlier
    request that names a fitting one names only that one.
    """
    found = _SUBJECT.search(question) or _OWNER.search(question)
    if found is None or _NOBODY.search(question) or any(_fits(found[1], thing) for thing in _things(question[: found.start()])):
        return question, None
    for text in reversed(earlier):
        fitting = list(dict.fromkeys(thing for thing in _things(text) if _fits(found[1], thing)))
        if len(fitting) > 1:
            return question, None
        if fitting:
            return _replaced(question, found, f"the {fitting[0]}"), f"“{found[1]}” was taken to mean the {fitting[0]}"
    return question, None


def _replaced(question: str, found: re.Match[str], meant: str) -> str:
    if _OWNER.match(question, found.start()):
        meant += "'" if meant.endswith("s") else "'s"
    told = question[: found.start()] + meant + question[found.end() :]
    return told if _plural(meant) else re.sub(rf"\bare {re.escape(meant)}\b", f"is {meant}", told)


def _things(text: str) -> list[str]:
    named = [found["many"] or found["kind"] or found["thing"] for found in _THINGS.finditer(text)]
    return [name for name in named if not _NO_THING.match(name.split()[-1])]


def _fits(pronoun: str, thing: str) -> bool:
    last = thing.split()[-1]
    if pronoun in {"they", "them", "their"}:
        return _plural(thing)
    if pronoun in {"it", "its"}:
        return not _plural(thing) and last not in _PEOPLE
    return last in _PEOPLE or last in _ANIMALS


def _plural(noun: str) -> bool:
    last = noun.split()[-1]
    return last in _MANY_PEOPLE or (last.endswith("s") and not last.endswith(("ss", "us", "is", "'s")))


def _without_article(noun: str) -> str:
    return re.sub(r"^(?:the|a|an|any|his|her|its|their) ", "", noun)
