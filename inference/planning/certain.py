"""Which requests the rules are certain of, so that a language model has nothing to add. Deliberately few.

Certain is a whole message that is one sentence of the table below, word for word but for capitals and the closing mark, about
things of a closed list, and for which the rules make exactly the one step that the table says, with nothing to remark.
No spelling is corrected and no politeness is left out: such messages are common, but they are interpreted, not known.
"""

import re

from inference.engine.questions.nouns import PEOPLE, is_plural, singular
from inference.planning.offline import Context, plan_offline
from inference.planning.plan import Planned

NOTE = "Planned offline: the rules are certain of this request, so the language model was not asked."
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
    ("read", re.compile(r"what does the (?:sign|label) say|read the (?:sign|label|text)")),
]


def plan_certain(question: str, context: Context, started: float) -> Planned | None:
    task = _task_of(" ".join(question.lower().split()).rstrip(" ?.!"))
    if task is None:
        return None
    planned = plan_offline(question, context, NOTE, started)
    alone = [(step.task, step.before, step.after) for step in planned.plan.steps] == [(task, 0, [])]
    return planned if alone and not planned.remark else None


def _task_of(message: str) -> str | None:
    for task, sentence in _TABLE:
        if match := sentence.fullmatch(message):
            named = match.groupdict()
            one, many = named.get("one"), named.get("many")
            known = (not one or one in THINGS) and (not many or (is_plural(many) and singular(many) in THINGS))
            return task if known else None
    return None
