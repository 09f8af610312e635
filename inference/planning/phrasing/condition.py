"""A condition as a question: "the gate isn't shut" as "is the gate shut", which "no" meets. Pure."""

import re
from collections.abc import Sequence

Waits = tuple[int, str] | None
_IS = r"is|are|was|were|has|have|can"
_DETERMINER = r"the|a|an|this|that|my|our|your|his|her|its|their|any|some|all|no|both|one of the|either"
_INVERTED = re.compile(
    rf"^(?P<who>(?:(?:{_DETERMINER}) )?[\w'-]+(?: (?!(?:{_IS})\b)[\w'-]+){{0,5}}?) (?P<is>{_IS})(?P<not>n't| not)? (?P<rest>.+)$",
    re.IGNORECASE,
)
_SHORT_IS = re.compile(
    rf"^(?P<who>(?:(?:{_DETERMINER}) )?(?:[\w-]+ ){{0,2}}?[\w-]+)'(?P<is>s|re) (?P<rest>(?!\w+ (?:{_IS})\b).+)$", re.IGNORECASE
)
_SEES = re.compile(
    r"^(?:you|we|i|u) (?:can |do |should )?(?P<not>can't |cannot |don't |dont )?(?:see|spot|find|notice|make out) (?P<what>.+)$",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"there (?P<is>is|are|was|were)(?P<not>n't| not)? ?(?:(?P<no>no|nobody|no one|nothing)\b ?)?(?P<rest>.*)$", re.IGNORECASE
)
_ABSENT = {"nobody": "anybody", "no one": "anyone", "nothing": "anything", "none": "any"}
_KIND = re.compile(
    r"^(?:is it|is this|is that|is he|is she|are they) (?P<what>(?:an? |the )?(?P<last>[\w-]+(?: [\w-]+)?))$", re.IGNORECASE
)


_STATE = re.compile(r"^(?P<is>is|are) (?P<who>it|they|the [\w-]+(?: [\w-]+)?) (?P<what>(?P<last>[\w-]+))$", re.IGNORECASE)


def asked(condition: str) -> tuple[str, bool]:
    """The question, and whether "yes" meets it."""
    text = re.sub(
        r"^(its|hes|shes|theyre) ",
        lambda match: {"its": "it is ", "hes": "he is ", "shes": "she is ", "theyre": "they are "}[match[1].lower()],
        condition.strip(),
        flags=re.IGNORECASE,
    )
    text = _SHORT_IS.sub(_spelt, text)
    if match := _SEES.match(text):
        return f"is there {re.sub('^any ', 'any ', match['what'])}", not match["not"]
    if match := _THERE.match(text):
        absent = _ABSENT.get((match["no"] or "").lower(), "")
        question = f"{match['is']} there {absent} {match['rest']}"
        return " ".join(question.split()), not (match["not"] or match["no"])
    if match := _INVERTED.match(text):
        who, is_true = match["who"], not match["not"]
        none = next((word for word in _ABSENT if who.lower().startswith(word)), None)
        if none:
            who, is_true = f"{_ABSENT[none]}{who[len(none) :]}", False
        elif who.lower().startswith("no "):
            who, is_true = f"any {who[3:]}", False
        return f"{match['is']} {who} {match['rest']}", is_true
    return f"tell me whether {text}", True


def _spelt(match: re.Match[str]) -> str:
    rest = match["rest"].removeprefix("got ")
    verb = "has" if rest != match["rest"] else "is" if match["is"].lower() == "s" else "are"
    return f"{match['who']} {verb} {rest}"


def alternatives(texts: Sequence[str], waits: Sequence[Waits]) -> list[tuple[str, Waits]]:
    """Two conditions that name two kinds, "if it's a cat …, if it's a dog …", as one question with two answers; else empty."""
    kinds = [
        (place, match)
        for place, text in enumerate(texts)
        if not waits[place] and (match := _KIND.match(text) or _STATE.match(text))
    ]
    if len(kinds) == 2 and kinds[0][1].re is _STATE and kinds[1][1].groupdict().get("who", "it").lower() not in ("it", "they"):
        return []
    if len(kinds) != 2 or any(waited and waited[1] != "yes" for waited in waits):
        return []
    (first, one), (second, other) = kinds
    result, places = list[tuple[str, Waits]](), dict[int, tuple[int, str]]()
    for place, (text, waited) in enumerate(zip(texts, waits, strict=True)):
        if place == second:
            places[place] = (places[first][0], other["last"])
            continue
        if place == first:
            text = f"{text} or {other['what']}"
            places[place] = (len(result), one["last"])
        result.append((text, places.get(waited[0], waited) if waited else None))
    return result
