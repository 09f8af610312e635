"""What a message forbids: "don't describe it", "no training", "skip the text". Pure.

The reader learnt to heed it and mostly does; a step that the words forbid is never asked all the same.
"""

import re
from collections.abc import Iterable, Mapping

from inference.planning.plan import TRAIN

_NOT = (
    r"(?:(?:you )?(?:needn't|mustn't|must not|shouldn't|should not|need not)|stop|no more|(?:can |could )?do without|"
    r"nobody (?:needs|wants)|"
    r"(?:not|no) interest(?:ed)? in|save me|no point (?:in )?|not asking (?:for|you to)|"
    r"don't|dont|do not|doesn't need|does not need|never|please no|no|without|skip|leave out|omit|spare me|refrain from|"
    r"avoid|instead of|rather than|not|forget(?: about)?)"
)
_FILL = (
    r"(?: (?:an?|any|the|this|that|it|me|my|your|please|you dare|bother(?: to| with)?|need(?: to| any)?|want(?: to| any)?|"
    r"try(?:ing)? to|start(?:ing)?|kick(?:ing)? off|launch(?:ing)?|set(?:ting)? up|run(?:ning)?|do|give|more|another|of|these|"
    r"those|new))*"
)
_NEEDLESS = (
    r"(?:nothing\b|off|is off|(?:(?:it|that|this|the \w+) )?(?:is|are|would be) (?:pointless|useless|the last thing|not what)|"
    r"(?:would be|is|are) (?:overkill|pointless|unnecessary|useless|not (?:needed|wanted|necessary)))"
)
_TASKS: Mapping[str, str] = {
    "caption": r"(?:descri(?:be|bing|ption)s?|captions?|captioning|summar(?:y|ise|ize))",
    TRAIN: r"(?:(?:re-?)?train(?:ing)?(?: runs?)?|federated (?:run|learning|training))",
    "read": r"(?:read(?:ing)?|transcri(?:be|bing|pt|ption)|ocr)",
    "classify": r"(?:classif(?:y|ying|ication)|categori[sz](?:e|ing))",
}
_FORBIDDEN = {
    task: re.compile(rf"\b{_NOT}{_FILL} {words}\b(?! (?:me wrong|it as))|\b{words} {_NEEDLESS}\b", re.IGNORECASE)
    for task, words in _TASKS.items()
}
_ONLY_IN_PART = re.compile(r"\b(?:don't|dont|do not|not) (?:just|only|simply|merely)\b", re.IGNORECASE)
_STRUCK = re.compile(r"~~.+?~~")
_CLAUSE_END = r"(?:(?! (?:just|only|simply|but|instead)\b)[^.;!?,:])*(?:[.;!?,:]+|(?= (?:just|only|simply|but|instead)\b)|$)"


def without_struck(message: str) -> str:
    """Without what Markdown strikes out."""
    return _STRUCK.sub(" ", message)


def forbidden(message: str) -> frozenset[str]:
    """Tasks that a message in English forbids, and does not ask for elsewhere."""
    text = _ONLY_IN_PART.sub(" ", message)
    candidates = (task for task, words in _FORBIDDEN.items() if words.search(text))
    return frozenset(task for task in candidates if not re.search(rf"\b{_TASKS[task]}\b", rest(text, [task]), re.IGNORECASE))


def is_only(beside: str) -> bool:
    """Whether what stands beside a prohibition names the one thing that is wanted instead."""
    return re.match(r"(?:please )?(?:only|just|simply)\b", beside, re.IGNORECASE) is not None


def rest(message: str, tasks: Iterable[str]) -> str:
    """The message without the clauses that forbid these."""
    for task in tasks:
        message = re.sub(f"(?:{_FORBIDDEN[task].pattern}){_CLAUSE_END}", " ", message, flags=re.IGNORECASE)
    return " ".join(message.split()).strip(" ,;")
