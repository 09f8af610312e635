"""Sentences that mean one thing, whatever came before them. Deliberately few.

A whole message that is one sentence of the table, word for word but for capitals and the closing mark, about things of a closed
list. No spelling is corrected and no politeness is left out: such messages are common, but they are interpreted, not known.
"""

import re

from inference.engine.questions.nouns import PEOPLE, is_plural, singular

_THINGS = (
    "animal bear bench bicycle bike bird boat book bottle building bus car cat chair cow cup dog door elephant fence flower "
    "giraffe horse house motorcycle plane sheep sign skateboard surfboard table train tree truck umbrella window zebra"
)
THINGS = PEOPLE | frozenset(_THINGS.split())
_PHOTO = r"(?:this|the|my) (?:photo|picture|image)"
_HERE = rf"(?: in {_PHOTO})?"
_TABLE = [
    ("classify", re.compile(r"what is this|what's this")),
    ("caption", re.compile(rf"what is in {_PHOTO}|what does {_PHOTO} show|describe {_PHOTO}|caption {_PHOTO}")),
    ("vqa", re.compile(rf"how many (?P<many>[a-z]+) are (?:there{_HERE}|in {_PHOTO})")),
    ("vqa", re.compile(rf"is there an? (?P<one>[a-z]+){_HERE}")),
    ("vqa", re.compile(rf"are there any (?P<many>[a-z]+){_HERE}")),
    ("vqa", re.compile(r"what colou?r is the (?P<one>[a-z]+)")),
    ("vqa", re.compile(r"what colou?r are the (?P<many>[a-z]+)")),
    ("vqa", re.compile(r"what is the (?P<one>[a-z]+) (?:doing|wearing|holding)")),
    ("vqa", re.compile(r"what are the (?P<many>[a-z]+) (?:doing|wearing|holding)")),
    ("read", re.compile(r"what does the (?:sign|label) say|read the (?:sign|label|text)")),
]


def task_of(message: str) -> str | None:
    """The task of a message that is such a sentence."""
    text = " ".join(message.lower().split()).rstrip(" ?.!")
    for task, sentence in _TABLE:
        if match := sentence.fullmatch(text):
            named = match.groupdict()
            one, many = named.get("one"), named.get("many")
            known = (not one or one in THINGS) and (not many or (is_plural(many) and singular(many) in THINGS))
            return task if known else None
    return None
