"""Negated questions, asked positively: "isn't there a dog?" and "is there no dog?" are about the same dog. Pure."""

import re

from inference.engine.questions.grammar import AUX, DETERMINER, PRONOUN

_CONTRACTED = re.compile(r"^(?P<aux>is|are|was|were|does|do|did|has|have|had|could|would|should|ca|wo|ai)n'?t (?P<rest>.+)$")
_SEPARATE = re.compile(rf"^(?P<aux>{AUX}) not (?P<rest>.+)$")
_FULL = {"ca": "can", "wo": "will", "ai": "is"}
_NO_SUCH = re.compile(r"^(?P<aux>is|was|are|were) there (?:not |no |not any |not an? |not one )+(?P<rest>.+)$")
_LATER = re.compile(rf"^(?P<aux>{AUX}) (?P<who>{PRONOUN}|{DETERMINER} [\w-]+(?: [\w-]+)?) not (?P<rest>.+)$")
_NOBODY = re.compile(
    r"^(?P<aux>is|are|was|were|does|do|did|has|have) (?P<there>there )?(?P<who>nobody|no one|nothing|none)\b(?P<rest>.*)$"
)
_ANYBODY = {"nobody": "anybody", "no one": "anyone", "nothing": "anything", "none": "any"}
_LACKS = re.compile(
    rf"^(?P<ahead>{AUX} .+? (?:wear|wearing|hold|holding|have|having|carry|carrying|show|contain|see)) no (?P<rest>.+)$"
)


def positive(text: str) -> tuple[str, bool]:
    """The question without its negation, and whether there was one. `text` as `spelling.regular` leaves it."""
    if match := _CONTRACTED.match(text):
        return f"{_FULL.get(match['aux'], match['aux'])} {match['rest']}", True
    if match := _NO_SUCH.match(text):
        return f"{match['aux']} there {article(match['rest'], match['aux'])}{match['rest']}", True
    if match := _NOBODY.match(text):
        return f"{match['aux']} {match['there'] or ''}{_ANYBODY[match['who']]}{match['rest']}", True
    if match := _SEPARATE.match(text):
        return f"{match['aux']} {match['rest']}", True
    if match := _LATER.match(text):
        return f"{match['aux']} {match['who']} {match['rest']}", True
    if match := _LACKS.match(text):
        return f"{match['ahead']} {article(match['rest'], 'is')}{match['rest']}", True
    return text, False


def article(noun: str, verb: str) -> str:
    if re.match(r"(?:an?|any|some|the|one) |(?:any|some|every)(?:one|body|thing)\b", noun):
        return ""
    last = noun.split()[0]
    if verb in ("are", "were") or (last.endswith("s") and not last.endswith(("ss", "us"))):
        return "any "
    return "an " if noun[0] in "aeiou" else "a "
