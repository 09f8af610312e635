"""The grammar of conditions: "if the gate is open, who stands in it? Otherwise describe it" as requests of which some wait. Pure.

It is used where the whole was read without its conditions, or only a part of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from inference.planning.completeness import unanswered
from inference.planning.phrasing.condition import alternatives, asked

LONGEST = 600  # characters of a message that is parted
_IF = (
    r"(?:only |but )*(?:if|when|where(?= (?:there|it|he|she|they)\b))|whenever|in case|provided(?: that)?|providing(?: that)?|assuming(?: that)?|supposing|as long as|suppose|"
    r"unless"
)
_VERBS = (
    r"tell|say|give|show|read|count|name|describe|list|classify|identify|caption|transcribe|put|run|look|check|let|just|please|find|report|"
    r"label|note|simply|i need|i want|i'd like"
)
_WH = r"what|which|whose|who|where|how|why|whats|what's|who's|where's|how's"
_THEN = re.compile(r"^(?:(?:and|ok|so|well)[ ,]+)*then\b[ ,]*", re.IGNORECASE)
_IS = r"is|are|was|were|does|do|did|has|have|can"
_LEAD = re.compile(
    r"^(?:(?:and|but|so|then|also|ok|okay|well|now|hey|hi|hello|please|pls|yo|plus|finally|lastly|in that case|or)\b[ ,]*)+",
    re.IGNORECASE,
)
_NEXT = r"(?:if|unless|otherwise|or else|else|failing that|only (?:if|when)|provided|as long as|(?:when|should) (?:there|it|he|she|they|the|a|an|any|nobody)\b)"
_ENDS = re.compile(
    rf"(?<=[?;\n])\s*|(?<=[.!])\s+|\s[-–]\s|[,.]? (?:and |but |or )*(?={_NEXT}\b)(?<!tell me )(?<!say )(?<!see )(?<!check )(?<!know )(?<!sure )(?<!wonder )"
    r"(?<!wondering )(?<!ask )(?<!out )(?<!only )(?<!but )(?<!even )(?<!us )(?<!say, )",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    rf"[,;:]? (?:then |please |and then |just )*(?P<r>(?:{_VERBS}|{_WH})\b.*|(?:{_IS}) (?:it|he|she|they|there|the|any|its|his|her|their)\b.*)$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(rf"^(?P<if>{_IF}) (?P<rest>.+)$", re.IGNORECASE)
_SHOULD = re.compile(
    r"^(?:should|were) (?P<who>(?:the|a|an|my|his|her|its|their|any|some|it|he|she|they|there|nobody|that|this)(?: [\w'-]+)*?) (?:to )?be (?P<rest>.+)$",
    re.IGNORECASE,
)
_PRONOUN = r"(?:it|he|she|they|there|one|any|anyone|anybody|some(?:one|body)|that|this|those)"
_SO = re.compile(
    rf"^(?:(?:if|when|where) (?:so|yes|yeah|ye?p|{_PRONOUN} (?:{_IS})(?: (?:one|any|some|so|there|somebody|someone|anybody|anyone|something|anything))?|any|present)|in that case|in which case|then)"
    rf"(?:[,:;]+ *| (?=(?:just |also |please |then )*(?:{_VERBS}|{_WH}|{_IS})\b))(?P<r>.+)$",
    re.IGNORECASE,
)
_NOT = re.compile(
    rf"^(?:(?:if|when) (?:not|no|none|nope|nobody|nothing|no one|(?:nothing|none|nobody|no one) (?:is|are)|{_PRONOUN} (?:(?:{_IS})n'?t|(?:{_IS}) not|not)"
    rf"(?: (?:one|any|there|be so))?|{_PRONOUN}'s (?:not|none|nothing|nobody|no one))|(?P<else>otherwise|or else|else|failing that))[,:;]* (?P<r>.+)$",
    re.IGNORECASE,
)
_NONE = re.compile(r"^(?:none|nothing|nobody|no one|no|not)$", re.IGNORECASE)
_SOME = re.compile(r"^(?:(?:found|see|got|spotted) )?(?:any|some|one|yes|anything|anyone)$", re.IGNORECASE)
_NO_THING = re.compile(r"^(?:no|without) (?P<what>.+)$", re.IGNORECASE)
_LOOK_FOR = re.compile(r"^(?:look|check|search|watch|scan) for (?P<what>.+)$", re.IGNORECASE)
_LOOKS_WHETHER = re.compile(
    r"^(?:look|check|see|find out|verify|make sure|let me know|confirm)(?: for me)? (?:whether|if|that)\b", re.IGNORECASE
)
_OF_IT = re.compile(
    r"^(?:which(?: ones?| side| hand| foot| way| colou?r| room| end| part)?|where(?:abouts)?|what (?:kind|sort|type|colou?r|size|number)|how (?:many|big|bad|much|old|long))$",
    re.IGNORECASE,
)
_SO_ALONE = re.compile(rf"^(?:if so|if yes|if {_PRONOUN} (?:{_IS})(?: one| any| so)?|in that case)$", re.IGNORECASE)
# What nobody here can do: "call me if the gate is open" asks about the gate.
ACTS = re.compile(
    r"^(?:ring|call|phone|e-?mail|text|message|alert|warn|notify|ping|page|order|turn|switch|open|close|lock|unlock|send|book|remind|wake|play|buy|contact|"
    r"inform|fetch|shut|start|stop)\b(?! (?:training|a training|it\?))",
    re.IGNORECASE,
)
_EXISTS = re.compile(
    r"^(?:is|are) (?:there|any)|^(?:does|do|has|have) (?:it|he|she|they|the \w+) (?:have|got)\b|\bany(?:thing|one|body)?\b",
    re.IGNORECASE,
)
_OF_REQUEST = re.compile(
    r"(?:count|how many|read|describe|list|name|caption|identify|classify)(?: (?:the|all|me|any|of|those|these|them))* (?P<thing>[\w-]+)",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"^(?:is|are|was|were|does|do|did|has|have|can)\b", re.IGNORECASE)
_NEVER_MIND = re.compile(
    r"^(?:just )?(?:don't (?:bother|worry|answer|say)|do nothing|nothing|forget (?:it|about it)|leave it|skip it|ignore it|(?:then )?never ?mind|"
    r"no need|stay silent|no questions?|you can stop|that's (?:fine|all|it)|all good)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clause:
    """A request, in words. `only_if`: the place of another clause, from 0, and the answer that it must have."""

    text: str
    only_if: tuple[int, str] | None = None


def clauses(message: str) -> list[Clause]:
    """The requests of a message in English, in their order; empty where it has no condition, or one of another kind."""
    if len(message) > LONGEST:
        return []
    result = _Clauses()
    for sentence in _sentences(message):
        result.take(sentence)
    merged = alternatives([clause.text for clause in result.clauses], [clause.only_if for clause in result.clauses])
    made = [Clause(text, only_if) for text, only_if in merged] if merged else result.clauses
    return made if any(clause.only_if for clause in made) else []


class _Clauses:
    """`last`: the place of the request that "if not" is about; `nested`: of one that waits itself, and that "if so" is about;
    `is_absent`: it was asked as a thing that is not there."""

    def __init__(self) -> None:
        self.clauses, self.last, self.nested = list[Clause](), -1, -1
        self.is_absent = False

    def take(self, sentence: str) -> None:
        text, asks = sentence.rstrip("? "), sentence.endswith("?")
        is_then, text = text.lower().startswith("then "), _THEN.sub("", text)
        if is_then and self.is_absent:  # "no permit in the windscreen? then read the plate"
            self._request(text, self.last, "no")
            return None
        self.is_absent = False
        if self.last >= 0 and (self._hangs_behind(text) or self._continues(text, asks)):
            return None
        if match := _SHOULD.match(text):
            return self._condition(f"{match['who']} is {match['rest']}", is_wanted=True)
        if (match := _CLAUSE.match(text)) and not re.match(rf"(?:when|where) (?:{_IS})\b", text, re.IGNORECASE):
            return self._condition(match["rest"], is_wanted=match["if"].lower() != "unless")
        if asks and (match := _NO_THING.match(text)) and not re.search(rf"\b(?:{_IS})\b", text):
            self._ask(f"is there {match['what']}")
            self.is_absent = True
            return None
        if match := _LOOK_FOR.match(text):
            return self._ask(re.sub(r"^any (?=any |an? |the )", "", f"any {match['what']}"), "is there ")
        if asks or unanswered.is_request(text) or _LOOKS_WHETHER.match(text) or ACTS.match(text):
            self._ask(sentence)
        return None

    def _hangs_behind(self, text: str) -> bool:
        """ "is it there? Where, if so?": whether a condition alone is that of the request before it."""
        if not _SO_ALONE.match(text):
            return False
        if (
            len(self.clauses) == 1
            and (parts := re.split(r",? and (?=(?:where|what|which|who|how|why)\b)", self.clauses[0].text))
            and len(parts) == 2
        ):
            self.clauses = [Clause(part) for part in parts]  # "has it peeled, and where, if it has"
            self.last = 1
        if len(self.clauses) < 2 or self.clauses[-1].only_if or self.last != len(self.clauses) - 1:
            return False
        self.clauses[-1] = replace(self.clauses[-1], only_if=(self.last - 1, "yes"))
        self.last -= 1
        return True

    def _continues(self, text: str, asks: bool) -> bool:
        """Whether a sentence hangs on the request before it: "if so, what colour?", "which?"."""
        for pattern, answer in ((_SO, "yes"), (_NOT, "no")):
            if match := pattern.match(text):
                place = self.nested if answer == "yes" and self.nested > self.last else self.last
                self._request(match["r"], place, self._opposite() if match.groupdict().get("else") else answer)
                self.nested = len(self.clauses) - 1 if _YES_NO.match(self.clauses[-1].text) else -1
                return True
        is_of_it = asks and _OF_IT.match(text) and _EXISTS.search(self.clauses[self.last].text)
        return bool(is_of_it) and self._request(text, self.last, "yes")

    def _opposite(self) -> str:
        """The other answer than the one that the request before waits for."""
        waited = next((clause.only_if[1] for clause in reversed(self.clauses) if clause.only_if), "yes")
        return "no" if waited == "yes" else "yes"

    def _ask(self, text: str, ahead: str = "") -> None:
        self.clauses.append(Clause(f"{ahead}{text}"))
        self.last = len(self.clauses) - 1

    def _condition(self, rest: str, is_wanted: bool) -> None:
        condition, request = _parted(rest)
        question, is_true = asked(condition)
        if not _words(question) and (thing := _OF_REQUEST.match(request or (self.clauses[-1].text if self.clauses else ""))):
            question = f"{question} {thing['thing']}"  # "count the eggs if there are any"
        same = next((n for n, clause in enumerate(self.clauses) if _words(clause.text) == _words(question)), None)
        before = self.clauses[-1] if self.clauses else None
        if not request and before and not before.only_if and same is None:  # "count them, unless it rains"
            self.clauses[-1:] = [
                Clause(question),
                replace(before, only_if=(len(self.clauses) - 1, _word(is_true == is_wanted))),
            ]
            self.last = len(self.clauses) - 2
            return
        if same is None:
            self._ask(question)
        else:
            self.last = same
        self._request(request, self.last, _word(is_true == is_wanted))

    def _request(self, text: str, place: int, answer: str) -> bool:
        bare = _LEAD.sub("", re.sub(r"^(?:(?:then|please|just|simply|also|and)\b[ ,]*)+", "", text, flags=re.IGNORECASE))
        if bare and not _NEVER_MIND.match(bare):
            self.clauses.append(Clause(bare, (place, answer)))
        return True


def _word(is_yes: bool) -> str:
    return "yes" if is_yes else "no"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower())) - {"a", "an", "the", "any", "is", "are", "there", "of", "them"}


def _parted(rest: str) -> tuple[str, str]:
    """The condition and what is asked for under it: where a comma stands, else where a request begins behind a whole condition."""
    before, comma, behind = re.split(r"([,;:] )", rest, maxsplit=1) if re.search(r"[,;:] ", rest) else (rest, "", "")
    for match in _REQUEST.finditer(before):
        condition = before[: match.start()]
        if len(condition.split()) > 1 and not asked(condition)[0].startswith("tell me whether"):
            return condition, f"{match['r']}{comma}{behind}"
    if comma:
        return before, behind
    request = re.search(rf"^(?P<c>(?:\S+ ){{2,}}?)(?P<r>(?:{_VERBS}|{_WH})\b.*)$", rest, re.IGNORECASE)
    return (request["c"].strip(), request["r"]) if request else (rest, "")


def _sentences(message: str) -> Iterator[str]:
    lead = ""  # "if so" or "if not", said by a sentence of its own
    for sentence in _ENDS.split(" ".join(message.replace("’", "'").split(" "))):
        bare = sentence.strip(" ,;.!-–\n")
        text = f"then {_LEAD.sub('', bare)}" if _THEN.match(bare) else _LEAD.sub("", bare)
        bare = text.rstrip("? ")
        if _NONE.match(bare) or _SOME.match(bare):  # "any cyclists? none? describe it"
            lead = "if not " if _NONE.match(bare) else "if so "
            continue
        if any(c.isalnum() for c in text):
            yield f"{lead}{text}"
            lead = ""
