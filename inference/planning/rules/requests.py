"""Which task a direct request asks for, and where one message holds several requests. Tables first, then who reads them."""

import re
from dataclasses import dataclass

from inference.engine import tasks
from inference.planning.plan import TRAIN
from inference.planning.rules.wording import PHOTO, VERBS, direct
from inference.planning.training import recognition

_IT = r"(?:this one|that one|this|that|it|these|those|they|he|she)"
_HERE = (
    rf"(?:(?:in|on|from|inside|within|about) (?:(?:this|the|that|my|our|here|these|it)(?: {PHOTO})?)|here|there|now|{PHOTO})"
)
_AUX = r"(?:is|am|are|was|were|does|do|did|has|have|can|could|will|would|should)"
_SUBJECT = (
    r"(?:there|the|a|an|this|that|these|those|it|he|she|they|any|anyone|anybody|some|someone|somebody|everyone|everybody|"
    r"people|all|both|his|her|their|its|my|you|i|we|one|two|he's|most|many)"
)
_KIND = r"(?:kind|type|sort|class|category|make|variety|breed|species)s?"

_NOT_NAMED = re.compile(
    r"\b(?:weather|day|time|place|room|scene|sport|game|event|mood|style|colou?rs?|pattern|material|cloth\w*|light\w*|season|"
    r"country|city|street|building|shape|size|photo|picture|image|doing|wearing)\b"
)
_THING = (
    r"(?:thing|object|item|animal|creature|bird|dog|cat|plant|flower|tree|fish|insect|bug|beetle|butterfly|spider|snake|mushroom|food|dish|"
    r"fruit|vegetable|vehicle|car|truck|boat|ship|plane|train|instrument|tool|gadget|device|stuff|thingy)s?"
)
_THIS_THING = rf"(?:{_IT}(?: {_THING})?|(?:the|my)(?: main| [a-z]+)? {_THING})"
_ABOUT_IT = rf"(?:(?:the|this|my|it|that) ?(?:\w+ ){{0,2}}?)?(?:{PHOTO})?"
CLASSIFY = re.compile(
    rf"^what is (?:the|its|his|her) (?:breed|species)(?: of .*| here)?$|^what is (?:the|its) (?:kind|type) of (?:{_THING}|{_IT})"
    rf"|^(?:classify|identify|recogni[sz]e|categori[sz]e|tag|classification)\b|^label (?:{_IT}|the|my|what)\b|^label$"
    rf"|^(?:do|can) you (?:recogni[sz]e|identify|name|classify) (?:{_IT}|the|my)\b"
    rf"|^put a name (?:to|on) {_THIS_THING}\b|^name (?:{_IT}|the (?:object|thing|animal|main))\b|^(?:the )?name of (?:{_THIS_THING})$"
    rf"|^(?:what|which) {_KIND}(?: of [\w -]+?)?(?: (?:is|are|was|would|could|might)(?: {_IT}|(?: {_IT})? be)?(?: the [\w-]+| {_HERE}| {_IT} [\w-]+| shown| called| be)*"
    rf"| (?:do|can) (?:you|we|i) see(?: {_HERE})*| {_HERE}| (?:would|do|could) you (?:say|think|call|guess)(?: (?:this|that|it) (?:is|be))?| (?:have|did) (?:i|we) \w+(?: {_HERE})?)?$"
    rf"|^(?:what|which) (?:breed|species)\b|^(?:the |its |their |his |her )?(?:breed|species|kind)(?: of (?:{_IT}|the|my)(?: [\w-]+)?)?$|^kind of {_THING}$"
    rf"|^(?:what|which) (?:[a-z]+ )?{_THING} (?:is|are|was|might|could|would) {_IT}(?: be| here)?$|^(?:what|which) {_THING} (?:is|are) (?:shown|pictured|depicted)(?: {_HERE})?$"
    rf"|^(?:what|which)(?: (?:object|thing|item))? (?:is|are|might|could|would) (?:{_IT}|be {_IT})(?: be)?(?: {_THING})?(?: called| here| exactly| named| supposed to be)?$"
    rf"|^what (?:do|does|would|can|could|should) (?:you|we|i|one|people|an? [a-z]+) (?:call|name|classify|label) {_THIS_THING}\b|^how (?:do|would|can) (?:you|we|i) (?:call|name|classify|label) {_THIS_THING}\b"
    rf"|^what is the (?:main )?(?:object|thing|item|creature)$"
    rf"|^what is (?:the )?name (?:of|for) {_THIS_THING}\b|^what is {_THIS_THING} (?:called|named)$"
)
CAPTION = re.compile(
    rf"^(?:talk|walk|guide|run|take) (?:me|us) through\b|^(?:sum up|break down|give an account of|paint a picture of) (?:{_IT}|the|my)\b|^what is up (?:with|in) (?:{_IT}|the|my)\b|^what (?:does|can|could|would|might) one (?:see|notice|make out)\b(?: {_HERE})*$|^what story (?:does|is)\b"
    rf"|^what (?:{_IT}|the|my)(?: {PHOTO})? (?:has|have|holds) in it$|^(?:explain|show|give|list|describe) (?:the )?contents? of (?:{_IT}|the|my)(?: {PHOTO})?$"
    rf"|^(?:describe|caption|summari[sz]e|depict|narrate|describing|captioning)\b(?! (?:its|his|her) )|^(?:put|turn|express) {_ABOUT_IT} ?in(?:to)? words$"
    rf"|^(?:explain|discuss|comment on|talk about|show) (?:{_IT}|the|my)(?: {PHOTO})?$|^explain (?:what (?:you see|is (?:in|on|happening)))"
    rf"|^(?:(?:write|give|make|create|add|provide|suggest|need|want|have|i need|i want)(?: me| us)? )?(?:a |an |the |some |one )?(?:[\w-]+ ){{0,2}}"
    rf"(?:caption|description|summary|overview|title|gist|alt text|tl;? ?dr|rundown|synopsis)\b|^how (?:would|do|can) (?:you|we|i|one) describe\b|^(?:tell (?:me|us) )?(?:everything|all|anything)(?: that)? (?:you|we|one) (?:can )?see\b|^(?:(?:write|give|say|make)(?: me| us)? )?(?:one|a) (?:short )?(?:sentence|line|word|paragraph) (?:about|on|for) {_ABOUT_IT}$"
    rf"|^(?:tell|say)(?: me| us)? (?:more |something |everything |all )?about\b|^(?:more |something |everything )?about (?:this|the|my) {PHOTO}$"
    rf"|^what (?:is|are|do you have|do we have|have we got|has been)(?: (?:shown|depicted|visible|seen|pictured|there|all|everything|captured|to see))* {_HERE}$"
    rf"|^what is (?:shown|depicted|visible|pictured|captured|the scene|the picture|to see|all this)(?: {_HERE})?$|^what (?:can|could) be (?:seen|made out)(?: {_HERE})*$"
    rf"|^what (?:is|are) (?:happening|going on|taking place|occurring|up)(?: {_HERE})*$"
    rf"|^what (?:happens|goes on)(?: {_HERE})*$|^what am i (?:looking at|seeing)(?: {_HERE})*$"
    rf"|^(?:tell |say |explain )?what (?:do|can|could) (?:you|we|i|one|they) (?:see|notice|make out|observe|recogni[sz]e|tell)(?: {_HERE})*$|^(?:tell |say |explain )?what (?:you|we) (?:can )?see(?: {_HERE})*$"
    rf"|^what (?:does|do|did|is|can) (?:{_IT}|the|my)(?: {PHOTO})? (?:show|depict|contain|represent|display|portray|about|of|showing|a {PHOTO} of)(?: us| me)?$"
    rf"|^what (?:{_IT}|the|my)(?: {PHOTO})? (?:shows|depicts|contains|represents|is showing|is about|is of)$"
    rf"|^what is (?:{_IT} )?(?:{PHOTO} )?(?:about|of|a {PHOTO} of|showing)$"
)
_ASKS = re.compile(
    rf"^(?:(?:what|how)(?! about| of)|which|who|whose|whom|where|when|why|{_AUX}|isn't|aren't|doesn't|don't)\b [\w'-]+"
    r"|^(?:count|find|locate|read|list|estimate|guess|spot|name|check|point)\b [\w'-]+|^\{\d"
)
_ENGLISH = re.compile(r"\b(?:the|a|an|is|are|any|there|this|that|of|in|on|it|they|he|she|or)\b")
_BARE = re.compile(r"^(?:what|why|how|who|where|when|which|really|huh)$")
# What may follow a conjunction for it to part two requests. Anything else ("black and white dog") stays together.
_STARTS = re.compile(
    rf"^(?:what|how|why|whose|where|when|who|which|to whom|{_AUX} {_SUBJECT}\b|"
    rf"{VERBS} (?!of\b)[\w']|whether\b|if (?:there|it|he|she|they|the|any\w*)\b|(?:caption|describe|classify|identify|label|species|breed)(?: (?:it|this|that|please))?$|"
    rf"(?:the |a |an |its |my |your )?(?:short |brief |main )?(?:caption|description|breed|species|summary|name|colou?r|size|age)(?: (?:is|are|of|for)\b.*)?$|"
    rf"(?:the )?(?:total )?(?:kind|type|number|count) of\b|(?:start|begin|launch) (?:a |the )?(?:training|run|federat\w+)|"
    rf"(?:using |with |by |once with )?(?:the )?(?:model )?(?:from |of )?run \d)"
)
_JOINTS = re.compile(
    r"(?P<full>[?.!;]+(?:\s+|$))|(?P<order>,? (?:and )?(?:then|after that|afterwards|next|after which)\b,? )"
    r"|(?P<join>,? (?:and )?if so,? |,? (?:and(?: also| then)?|also|plus|as well as|&|but(?: also)?) )|(?P<comma>, )|(?P<colon>: | - )"
)


LOOK = 160  # characters either side of a conjunction that tell whether it parts requests: more would only take longer


@dataclass(frozen=True)
class Piece:
    """A part of the message, as typed but regular: a request, or talk around one."""

    raw: str
    ordered: bool  # asked for after the piece before it
    asked: bool  # it ended with a question mark


def task_of(text: str, is_question: bool) -> str | None:
    """`text` as `direct` leaves it. None where it is no request that can be told from talk."""
    if not text or _BARE.match(text):
        return None
    if recognition.asked(text):
        return TRAIN
    if task := tasks.requested(text):
        return task.name
    if re.match(r"how (?:many|much)\b", text):
        return "vqa"
    if CLASSIFY.match(text) and not _NOT_NAMED.search(
        text.removesuffix(" photo").removesuffix(" picture").removesuffix(" image")
    ):
        return "classify"
    if CAPTION.match(text):
        return "caption"
    return "vqa" if _ASKS.match(text) or (is_question and " " in text and _ENGLISH.search(text)) else None


def pieces(text: str) -> list[Piece]:
    """Part a regular message at full stops, and at conjunctions where what follows begins a request of its own."""
    parts: list[Piece] = []
    start, ordered = 0, False
    for joint in _JOINTS.finditer(text):
        before, following = text[start : joint.start()], text[joint.end() :]
        if joint["full"] is None and not _parts(before[-LOOK:], following[:LOOK], str(joint.lastgroup)):
            continue
        if before.strip():
            parts.append(Piece(before.strip(), ordered, "?" in (joint["full"] or "")))
            ordered = False
        start, ordered = joint.end(), ordered or joint["order"] is not None
    if text[start:].strip():
        parts.append(Piece(text[start:].strip(), ordered, False))
    return parts


def _parts(before: str, following: str, joint: str) -> bool:
    """A comma or colon may also part a statement from a question: "I took this in Rome, what is the building?"."""
    start = re.sub(r"^(?:and |also |then |please |once )+", "", following)
    if not (_STARTS.match(start) or _STARTS.match(direct(following.split("?")[0]))):
        return False
    if joint == "colon":
        return True
    if (
        joint == "comma"
        and re.match(r"(?:who|which|whose|where)\b", following)
        and not re.match(r"(?:who|which|where) (?:is|are)\b|which \w+ (?:is|are)\b", following)
    ):
        return False  # a relative clause
    if (
        joint == "comma"
        and re.match(r"who (?:is|are)\b", following)
        and "?" not in following.partition(",")[0]
        and "," in following
    ):
        return False  # one in the middle: "the man, who is wearing a hat, …"
    talk = not re.match(rf"(?:what|which|who|how|where|why|when|{_AUX})\b", before.strip())
    asks = task_of(direct(before), is_question=False) is not None or bool(re.search(r"\brun \d", before))
    return asks or (joint == "comma" and talk)
