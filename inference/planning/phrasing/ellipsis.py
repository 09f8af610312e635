"""What a later request of a message leaves out: "count the cups on the left, then the ones on the right", "is there mould on the
ceiling, and how about the wall?". Pure."""

import re

from inference.engine.questions.nouns import is_plural
from inference.planning.rules.followup import reuse
from inference.planning.rules.wording import direct, regular

_COUNT = r"(?P<ask>count(?: up)?(?: all)?(?: of)?(?: the)?|how many)"
_JOIN = r"(?P<join>,? (?:and )?(?:then|also|plus|after that) |,? and |, |[;.?!] (?:(?:and|then|also|now) )*)"
_THE_ONES = re.compile(
    rf"\b{_COUNT} (?P<noun>[a-z]+s|people|children|men|women|sheep|fish)(?P<first> [^,.;?!]{{0,80}}?)?{_JOIN}(?:(?:count|how many) )?(?:of )?"
    r"(?:the |those )?(?:ones |those )(?P<second>(?!who\b.*\bis\b)[^,.;?!]{1,80})",
    re.IGNORECASE,
)
_THE_SUCH_ONES = re.compile(
    rf"\b{_COUNT} (?P<noun>[a-z]+s|people|children|men|women|sheep|fish)(?P<first> [^,.;?!]{{0,80}}?)?{_JOIN}(?:(?:count|how many) )?the (?P<such>[a-z]+) ones\b",
    re.IGNORECASE,
)
_HOW_MANY_AT = re.compile(
    r"\bhow many (?P<noun>[a-z]+s|people|children|men|women|sheep|fish)(?P<first> [^,.;?!]{0,80}?)(?P<join>,? and |, | |\? (?:and )?)how many "
    r"(?P<second>(?:in|on|at|out|under|behind|near|inside|outside|are (?:in|on|at)|have|wear|with)\b[^,.;?!]{0,80})",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?P<before>(?:^|(?<=[.;?!] )|(?<=, ))(?:is|are|what|does|do|how|has|where)\b[^.;?!]{0,120}?)(?P<join>\? |, |; )(?:and |or )?(?:what|how) about (?P<noun>[^.;,?!]{1,80})",
    re.IGNORECASE,
)
_PLACE = re.compile(r"^(?P<ask>(?:is|are) there .+? (?:on|in|at|under|behind|inside|near) )the [\w ]+$")
_STATE = re.compile(r"^(?:is|are) (?:the|my|his|her|its|their|this|that) [\w-]+ (?P<state>.+)$")


def completed(message: str) -> str:
    """With the words that were left out."""
    text = _THE_ONES.sub(lambda match: _counted(match, match["second"]), message)
    text = _THE_SUCH_ONES.sub(lambda match: _counted(match, match["such"]), text)
    text = _HOW_MANY_AT.sub(
        lambda match: f"how many {match['noun']}{match['first']}{match['join']}how many {match['noun']} {match['second']}", text
    )
    return _ABOUT.sub(_about, text)


def _counted(match: re.Match[str], second: str) -> str:
    noun, first = match["noun"], _are((match["first"] or "").strip())
    other = f"{second} {noun} are there" if match.re is _THE_SUCH_ONES else f"{noun} {_are(second)}"
    return f"how many {noun} {first or 'are there'}? how many {other}"


def _are(place: str) -> str:
    """ "in red" as "are in red"."""
    return place if not place or re.match(r"(?:are|is|have|has|with|that|who|which|wear)\b", place) else f"are {place}"


def _about(match: re.Match[str]) -> str:
    noun = match["noun"].strip()
    question = direct(regular(match["before"]))
    again = _again(question, regular(noun))
    return f"{match['before']}? {again}" if again else match[0]


def _again(question: str, noun: str) -> str:
    if re.match(r"(?:on|in|at|under|behind|inside|near) ", noun):
        again, count = re.subn(r" (?:on|in|at|under|behind|inside|near) the [\w ]+$", f" {noun}", question)
        return again if count else ""
    if not re.match(r"(?:the|his|her|its|their|my|a|an) ", noun) and not noun.endswith("s"):
        return ""
    if (match := _PLACE.match(question)) and noun.startswith(("the ", "his ", "her ", "its ", "my ")):
        return f"{match['ask']}{noun}"
    if match := _STATE.match(question):
        return f"{'are' if is_plural(noun) else 'is'} {noun} {match['state']}"
    return reuse(re.sub(r"^(?:the|a|an) ", "", noun), [question]) or ""
