"""Which task a direct request asks for, and where one message holds several requests. Tables first, then who reads them."""

import re
from dataclasses import dataclass

from inference.planning.plan import Task
from inference.planning.wording import PHOTO, VERBS, direct

_IT = r"(?:this|that|it|these|those|they|he|she)"
_HERE = (
    rf"(?:(?:in|on|from|inside|within|about) (?:(?:this|the|that|my|our|here|these|it)(?: {PHOTO})?)|here|there|now|{PHOTO})"
)
_AUX = r"(?:is|are|was|were|does|do|did|has|have|can|could|will|would|should)"
_SUBJECT = (
    r"(?:there|the|a|an|this|that|these|those|it|he|she|they|any|anyone|anybody|some|someone|somebody|everyone|everybody|"
    r"people|all|both|his|her|their|its|my|you|i|we|one|two|he's|most|many)"
)
_KIND = r"(?:kind|type|sort|class|category|make|variety|breed|species)s?"

TRAIN = re.compile(
    r"^(?:(?:start|begin|run|launch|do|set up|create|make|kick off)\b.*\b(?:training|fine-?tuning|federated)\b"
    r"|(?:re)?-?train(?:ing)? (?:a|an|the|my|our|this|new|some|it|on|with|for|another)\b.*"
    r"\b(?:model|classifier|network|net|federat\w*|cifar\S*|devices?|epochs?|rounds?|jetsons?|photos?|nodes?|data|images?)\b"
    r"|(?:federated (?:learning|training)|fine-?tune)\b)"
)

# Asked of the program or of the world, not of a photo: said so instead of letting a model make something up.
ELSEWHERE = re.compile(
    r"^(?:(?:who|what|how) (?:are|do|can|could|does|is) (?:you|isthmus)(?: do(?:ing)?| work| made of| called| today| help)?$"
    r"|how old are you$|(?:what is|tell) your |who (?:made|built|wrote|invented|discovered|won) |help$|help me$"
    r"|(?:tell|write|compose|sing|make up|invent)(?: me| us)? .*\b(?:jokes?|poems?|story|stories|songs?|essay|e-?mail|letter|code|program|haiku)\b"
    r"|(?:translate|remind|book|order|buy|call|text|e-?mail|play|search|google|delete|remove|erase|crop|rotate|resize|edit|draw|"
    r"generate|paint|blur|enhance|colou?ri[sz]e|send|open|install|set|turn|print|calculate|solve|convert|generate)\b"
    r"|what is \d+|what time is it$|what day is it|what is the (?:time|date)$"
    r"|.*\b(?:capital of|president|prime minister|weather (?:in|tomorrow|today|forecast|like tomorrow)|tomorrow|yesterday|stock price|"
    r"price of|bitcoin|meaning of life|square root|previous instructions|system prompt|recipe)\b)"
)

_NOT_NAMED = re.compile(
    r"\b(?:weather|day|time|place|room|scene|sport|game|event|mood|style|colou?rs?|pattern|material|cloth\w*|light\w*|season|"
    r"country|city|street|building|shape|size|photo|picture|image|doing|wearing)\b"
)
CLASSIFY = re.compile(
    rf"^(?:classify|identify|recogni[sz]e|categori[sz]e|label|tag)\b"
    rf"|^name (?:{_IT}|the (?:object|thing|animal|main))\b"
    rf"|^(?:what|which) {_KIND}(?: of [\w -]+?)?(?: (?:is|are|was|would|could|might)(?: {_IT}|(?: {_IT})? be)?(?: the [\w-]+| {_HERE}| {_IT} [\w-]+| shown| called| be)*"
    rf"| (?:do|can) (?:you|we|i) see(?: {_HERE})*| {_HERE})?$"
    rf"|^(?:what|which) (?:breed|species)\b"
    rf"|^(?:what|which)(?: (?:object|thing|item))? (?:is|are|might|could|would) (?:{_IT}|be {_IT})(?: be)?(?: (?:thing|object|item|animal|bird|dog|cat|plant|flower|fish|insect|food|fruit|vehicle|car))?(?: called| here| exactly)?$"
    rf"|^(?:what|how) (?:do|would|can) (?:you|we|i) (?:call|name|classify) {_IT}\b"
    rf"|^what is (?:the )?name of {_IT}\b|^what am i looking at$"
)
CAPTION = re.compile(
    rf"^(?:describe|caption|summari[sz]e|depict|narrate)\b"
    rf"|^(?:explain|discuss|comment on|talk about|show) (?:{_IT}|the|my)(?: {PHOTO})?$"
    rf"|^(?:(?:write|give|make|create|add|provide|suggest|need|want|i need|i want)(?: me| us)? )?(?:a |an |the |some |one )?(?:[\w-]+ ){{0,2}}"
    rf"(?:caption|description|summary|alt text)\b"
    rf"|^(?:tell|say)(?: me| us)? (?:more |something |everything |all )?about\b|^(?:more |something |everything )?about (?:this|the|my) {PHOTO}$"
    rf"|^what (?:is|are|do you have|have we got)(?: (?:shown|depicted|visible|seen|pictured|there|all|everything))? {_HERE}$"
    rf"|^what (?:is|are) (?:happening|going on|taking place|occurring|up)(?: {_HERE})*$"
    rf"|^what (?:happens|goes on)(?: {_HERE})*$"
    rf"|^what (?:do|can|could) (?:you|we|i|one|they) (?:see|notice|make out|observe|recogni[sz]e|tell)(?: {_HERE})*$"
    rf"|^what (?:does|do|did|is|can) (?:{_IT}|the|my)(?: {PHOTO})? (?:show|depict|contain|represent|display|portray|about|of|showing|a {PHOTO} of)(?: us| me)?$"
    rf"|^what is (?:{_IT} )?(?:{PHOTO} )?(?:about|of|a {PHOTO} of|showing)$"
)
_ASKS = re.compile(
    rf"^(?:(?:what|how)(?! about| of)|which|who|whose|whom|where|when|why|{_AUX}|isn't|aren't|doesn't|don't)\b [\w'-]+"
    r"|^(?:count|find|locate|read|list|estimate|guess|spot|name|check|point)\b [\w'-]+"
)
_ENGLISH = re.compile(r"\b(?:the|a|an|is|are|any|there|this|that|of|in|on|it|they|he|she|or)\b")
_BARE = re.compile(r"^(?:what|why|how|who|where|when|which|really|huh)$")
# What may follow a conjunction for it to part two requests. Anything else ("black and white dog") stays together.
_STARTS = re.compile(
    rf"^(?:what|how|why|whose|where|when|who|which|{_AUX} {_SUBJECT}\b|(?:the )?(?:colou?r|breed|size|age) (?:is|are)\b|"
    rf"{VERBS} (?!of\b)[\w']|whether\b|if there\b|caption$|describe$|classify$|identify$|(?:a )?(?:short )?(?:caption|description)\b)"
)
_JOINTS = re.compile(
    r"(?P<full>[?.!;]+(?:\s+|$))|(?P<order>,? (?:and )?(?:then|after that|afterwards|next)\b,? )"
    r"|(?P<join>,? (?:and(?: also)?|also|plus|as well as|&|but(?: also)?) )|(?P<comma>, )"
)


LOOK = 160  # characters either side of a conjunction that tell whether it parts requests: more would only take longer


@dataclass(frozen=True)
class Piece:
    """A part of the message, as typed but regular: a request, or talk around one."""

    raw: str
    ordered: bool  # asked for after the piece before it
    asked: bool  # it ended with a question mark


def task_of(text: str, asked: bool) -> Task | None:
    """`text` as `direct` leaves it. None where it is no request that can be told from talk."""
    if not text or _BARE.match(text):
        return None
    if TRAIN.match(text):
        return "train"
    if re.match(r"how (?:many|much)\b", text):
        return "vqa"
    if CLASSIFY.match(text) and not _NOT_NAMED.search(
        text.removesuffix(" photo").removesuffix(" picture").removesuffix(" image")
    ):
        return "classify"
    if CAPTION.match(text):
        return "caption"
    return "vqa" if _ASKS.match(text) or (asked and " " in text and _ENGLISH.search(text)) else None


def elsewhere(text: str) -> bool:
    return bool(ELSEWHERE.match(text))


def pieces(text: str) -> list[Piece]:
    """Part a regular message at full stops, and at conjunctions where what follows begins a request of its own."""
    found: list[Piece] = []
    start, ordered = 0, False
    for joint in _JOINTS.finditer(text):
        left, right = text[start : joint.start()], text[joint.end() :]
        if joint["full"] is None and not _parts(left[:LOOK], right[:LOOK], comma=joint["comma"] is not None):
            continue
        if left.strip():
            found.append(Piece(left.strip(), ordered, "?" in (joint["full"] or "")))
            ordered = False
        start, ordered = joint.end(), ordered or joint["order"] is not None
    if text[start:].strip():
        found.append(Piece(text[start:].strip(), ordered, False))
    return found


def _parts(left: str, right: str, comma: bool) -> bool:
    """A comma may also part a statement from a question: "I took this in Rome, what is the building?"."""
    start = re.sub(r"^(?:and |also |then |please )+", "", right)
    if not (_STARTS.match(start) or _STARTS.match(direct(right.split("?")[0]))):
        return False
    if comma and re.match(r"(?:who|which|whose|where)\b", right):
        return False  # a relative clause
    request = task_of(direct(left), asked=False) is not None
    return request or (comma and not re.match(rf"(?:what|which|who|how|where|why|when|{_AUX})\b", left.strip()))
