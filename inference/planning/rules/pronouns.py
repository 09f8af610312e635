"""What "it", "they" and "her" stand for: a thing that was named before, or the answer to a question. Only where that is plain."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.engine.questions.nouns import PEOPLE, is_plural
from inference.planning.rules.wording import PHOTO

_PEOPLE = PEOPLE | {"driver"}
_ANYONE = frozenset(
    ["person", "child", "kid", "baby", "player", "rider", "worker", "toddler", "teenager", "driver"]
)  # also "they"
_YOUNG = frozenset(["child", "kid", "baby", "toddler"])  # of whom people say it as well
_ANIMALS = frozenset(["dog", "cat", "horse", "bird", "puppy", "kitten"])  # many people call theirs he or she
_NO_THING = re.compile(
    rf"^(?:{PHOTO}|background|foreground|left|right|middle|centre|center|top|bottom|front|back|side|corner|colou?rs?|number|"
    r"time|day|weather|name|kind|type|breed|on|with|by|to|at|is|are|was|one|ones|same|other|many|it|there|in|on|of|a|an|the)$"
)
ADJECTIVE = (
    r"(?:(?:black|white|brown|red|blue|green|yellow|orange|pink|purple|grey|gray|tan|big|small|little|old|young|tall|large|"
    r"other|first|second|left|right) )*"
)
_THINGS = re.compile(
    rf"\bhow many (?P<many>{ADJECTIVE}[a-z-]+)|\b(?:breed|kind|type|sort|species) of (?P<kind>[a-z-]+)"
    rf"|\b(?:the|a|an|any|some|my|this|that|these|those|wearing|holding|eating|riding) (?P<thing>{ADJECTIVE}[a-z-]+)"
)
_SUBJECT = re.compile(r"\b(it|he|she|they|them|him)\b")
_THEY = re.compile(r"(?:they|them|their)$")
_OWNER = re.compile(r"\b(its|his|her|their)(?= [a-z])")
# "is it raining" and the like: this "it" stands for nothing.
_NOBODY = re.compile(
    r"^(?:is|was) it (?:rain|snow|sun|cloud|day|night|dark|bright|cold outside|warm outside|hot outside|wind|summer|winter|spring|"
    r"autumn|indoor|outdoor|inside|outside|possible|true|likely)|\b(?:time|season|weather|day|cold|warm|hot|dark) is it\b"
)
_A_KIND = re.compile(
    r"^(?:is|was) it (?:safe|a |an |the |in the |at the |on the )"
)  # of the whole photo, unless a thing is plain
HOW_MANY = re.compile(
    r"^how many(?: of (?:them|those|these|it)| them| those)(?: (?:are there|there are|do you see|can you see|you see))?$"
)
# Questions whose answer is a thing, so that "it" in the next one may stand for that answer.
_DOES = r"(?:hold|wear|eat|drink|carry|ride|read|drive|throw|push|pull|play|use|cook|have|point)"
_OPENS = re.compile(
    r"^what(?! colou?rs?\b| size| time| shape| material| pattern| day| number)(?: [\w-]+){0,3}? (?:is|are|was|were) .*?"
    r"\b(?!doing\b|happening\b|going\b|thinking\b|feeling\b|saying\b|building\b|ceiling\b|thing\b|evening\b|morning\b|wedding\b|king\b|ring\b|wing\b)[a-z]{2,}ing(?: [\w' ]+)?$"
    r"|^what(?: [\w-]+){0,3}? (?:is|are) (?:(?:lying|hanging|standing|sitting|written|placed) )?(?:on|in|inside|under|behind|next to|beside|above|below|between|at|near) "
    rf"|^what (?:does|do|did) .*\b{_DOES}\b|^what (?:does|do|did) .* have (?:in|on)\b"
)
_OF_ONE = {"are": "is", "do": "does", "have": "has"}
_NO_ANSWER = re.compile(
    r"^(?:yes|no|none|nothing|nobody|no one|unknown|\d+|one|two|three|four|five|six|seven|eight|nine|ten|not .*)?$"
)
_ARTICLE = re.compile(r"^(?:the|a|an|any|his|her|its|their|some) ")


@dataclass(frozen=True)
class PriorRequest:
    """A request that was made before: in this message as step `step`, or in an earlier one, which was answered."""

    text: str
    answer: str = ""
    step: int = 0
    names: bool = False  # a classify step: its answer is a kind of thing
    fills: bool = True  # its answer can be put into another question


@dataclass(frozen=True)
class Resolution:
    question: str
    note: str | None = None  # how a pronoun was understood
    step: int = 0  # the step whose answer the question waits for


def resolve(question: str, requests: Sequence[PriorRequest]) -> Resolution:
    """The question with its pronoun replaced; as it was where that is not plain. `heard` is oldest first.

    Plain: the question names no thing of its own before the pronoun, and the latest request that names a fitting one, or
    asks for a thing, leaves no choice.
    """
    if HOW_MANY.match(question):
        return _counted(question, requests)
    if _NOBODY.search(question):
        return Resolution(question)
    for pronoun in [*_SUBJECT.finditer(question), *_OWNER.finditer(question)]:
        if any(fits(pronoun[1], thing) for thing in things(question[: pronoun.start()])):
            return Resolution(question)
        if resolution := _from_requests(question, pronoun, requests):
            return resolution
    return Resolution(question)


def _from_requests(question: str, pronoun: re.Match[str], requests: Sequence[PriorRequest]) -> Resolution | None:
    for request in reversed(requests):
        if _THEY.match(pronoun[1]) and (someone := [thing for thing in things(request.text) if thing.split()[-1] in _ANYONE]):
            return _resolution(question, pronoun, f"the {someone[0]}")
        if pronoun[1] in {"it", "its", "they", "them", "their"} and opens(request.text):
            if request.step and request.fills:
                return _resolution(question, pronoun, f"the {{{request.step}}}", request.step)
            if answer := noun_in(request.answer):
                return _resolution(question, pronoun, f"the {answer}")
        if _A_KIND.match(question):
            continue
        fitting = [thing for thing in [*things(request.text), *things(request.answer)] if fits(pronoun[1], thing)]
        fitting = list(dict.fromkeys(fitting))
        if len(fitting) > 1:
            return None
        if fitting:
            return _resolution(question, pronoun, f"the {fitting[0]}")
    return None


def _counted(question: str, requests: Sequence[PriorRequest]) -> Resolution:
    """`How many of them are there?`"""
    for request in reversed(requests):
        if request.step and request.fills and (request.names or opens(request.text)):
            step = request.step
            return Resolution(f"how many {{{step}}} are there", f"“them” was taken to mean what step {step} finds", step)
        noun = noun_in(request.answer) if request.names or opens(request.text) else ""
        if noun := noun or next(iter(things(request.text)), ""):
            return Resolution(f"how many {noun} are there", f"“them” was taken to mean the {noun}")
    return Resolution(question)


def opens(text: str) -> bool:
    return bool(_OPENS.match(text))


def noun_in(answer: str) -> str:
    """The thing that a short answer names, without its article; empty where it names none."""
    bare = _ARTICLE.sub("", answer.lower().strip(" .!"))
    return (
        "" if _NO_ANSWER.match(bare) or len(bare.split()) > 4 or not bare.replace(" ", "").replace("-", "").isalpha() else bare
    )


def _resolution(question: str, pronoun: re.Match[str], referent: str, step: int = 0) -> Resolution:
    note = f"“{pronoun[1]}” was taken to mean {f'what step {step} finds' if step else referent}"
    return Resolution(_replaced(question, pronoun, referent), note, step)


def _replaced(question: str, pronoun: re.Match[str], referent: str) -> str:
    if _OWNER.match(question, pronoun.start()):
        referent += "'" if referent.endswith("s") else "'s"
    rewritten = question[: pronoun.start()] + referent + question[pronoun.end() :]
    return rewritten if is_plural(referent) else _singular(rewritten, referent)


def _singular(question: str, referent: str) -> str:
    question = re.sub(rf"\b(are|do|have) {re.escape(referent)}", lambda verb: f"{_OF_ONE[verb[1]]} {referent}", question)
    return re.sub(rf"\b{re.escape(referent)} are\b", f"{referent} is", question)


def things(text: str) -> list[str]:
    nouns = [match["many"] or match["kind"] or match["thing"] for match in _THINGS.finditer(text)]
    return [name for name in nouns if not _NO_THING.match(name.split()[-1])]


def fits(pronoun: str, thing: str) -> bool:
    last = thing.split()[-1]
    if pronoun in {"they", "them", "their"}:
        return is_plural(thing)
    if pronoun in {"it", "its"}:
        return not is_plural(thing) and (last not in _PEOPLE or last in _YOUNG)
    return last in _PEOPLE or last in _ANIMALS
