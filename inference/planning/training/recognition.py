"""Whether a message asks for a training run. Pure."""

import re
from collections.abc import Sequence

from inference.planning.training.tables import DEVICES, read, regular

_NEVER = re.compile(
    r"^(?:what(?! we had)|which|who|whose|where|when|why|how(?! about)|is|are|was|were|does|do(?! (?:a|an|some|the|me|us)\b)|did|has|have|had|stop|pause|cancel|show|resume|"
    r"delete|explain|describe|tell)\b"
)
_VERB = re.compile(
    r"\b(?:re-?)?train(?:ing|ed)?\b|\bfine-?(?: )?tun\w+|\bfederat\w+|\bfed (?:training|learning)\b|\blearn(?:ing|s)?\b|\bteach\b"
)
_MAKE = re.compile(r"^(?:[\w' ]+ )?(?:build|make|create|set up|start|run|launch|kick off|begin|do|want|need|get|give)\b")
_NOUN = re.compile(
    rf"\b(?:model|classifier|network|net|recogni[sz]er|detector|{DEVICES}|epochs?|rounds?|(?:on|from|with) (?:\w+ )*(?:photos?|data|images?|pictures?)|"
    r"federated (?:learning|training|run)|training|fine-?tun\w+)\b"
)
_OBJECT = re.compile(r"\b(?:model|classifier|network|recogni[sz]er|run|training|rounds)\b")


# A train on rails, an animal that learns, a run that there is, one that somebody has trained.
_NO_RUN = re.compile(
    r"\b(?:the|an?|this|that|these|which|what|my|our|next|last|steam|freight|goods|passenger|toy|model) trains?\b|\brun \d+\b|"
    r"\b(?:we|i|you|they|was|were|been|that|he|she)(?: have| had|'ve)? trained\b|"
    r"\btrain(?:ing)? (?:my|our|the|his|her|this|a) (?:\w+ )?(?:dog|puppy|cat|kitten|horse|pony|parrot|bird|child|kid|son|daughter|team|staff)\b|"
    r"\b(?:dog|puppy|cat|kitten|horse|pony|parrot|child|kid|son|daughter|team|staff) (?:needs?|wants?|gets?) (?:\w+ )?training\b"
)
_LIVING = re.compile(
    r"\btrain(?:ing)? (?:my|our|the|his|her|this|a|me|him|her|us|myself)(?: \w+)? ?(?:\b(?:dog|puppy|cat|kitten|horse|pony|parrot|bird|budgie|child|kid|"
    r"toddler|son|daughter|team|staff|hamster|rabbit|bees?|hawk|ferret|employees?|muscles?|body))?\b(?: not)? (?:to (?:use|sit|come|stay|walk|stop|not|heel|"
    r"fetch|chew|bark|jump|sleep|behave|obey|go|lie|roll|run|eat|be)|for (?:a|the) (?:race|marathon|show))\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    rf"\b(?:(?:\d+|one|a few) (?:more|fewer|less)|twice|double|half|triple)(?: the| as many| number of)* (?:rounds?|(?:local )?epochs?|{DEVICES})\b"
)
_TELLING = frozenset({"dataset", "rounds", "clients", "local_epochs", "alpha", "bits", "round_deadline_s"})


def amounts_to_request(message: str, least: int = 2) -> bool:
    """Whether a message that nothing else is known of sets up a run: it says two things of one and asks nothing."""
    text = regular(message)
    return not _NEVER.match(text) and len(_TELLING & read(message).named.keys()) >= least


def changes_request(message: str, earlier: Sequence[str]) -> bool:
    """Whether it changes the run that the message before it set up: "what we had, only iid instead"."""
    if not earlier or _NEVER.match(regular(message)):
        return False
    last = regular(earlier[-1])
    changes = bool(read(message).named) or _RELATIVE.search(regular(message)) is not None
    return (asked(last) or amounts_to_request(earlier[-1])) and changes


def is_of_the_living(message: str) -> bool:
    """Whether an animal or a person is to be trained: "train my kitten to use the litter box"."""
    return _LIVING.search(message) is not None and not read(message).named


def asked(text: str) -> bool:
    """Whether a request, as `wording.direct` leaves it, wants something trained; a question about a train does not."""
    text = _NO_RUN.sub(" ", text)
    if _NEVER.match(text) or (not (verb := _VERB.search(text)) and not (_MAKE.match(text) and _OBJECT.search(text))):
        return False
    if verb and re.match(r"(?:i|we|he|she|my \w+|this|that) (?:is|am|are|was|love|like)\b", text):
        return False
    return bool(verb and _NOUN.search(text)) or bool(read(text).named)
