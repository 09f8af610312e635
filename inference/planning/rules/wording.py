"""What people type, made regular: spelling, apostrophes, politeness, and indirect questions turned into direct ones.

Everything is lower case afterwards: the models read it so, and the tables of `requests` are written so.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from inference.planning.rules.spelling import mended

PHOTO = r"(?:photo|photograph|picture|image|pic|shot|snapshot|scene|frame)s?"

VERBS = (
    r"(?:tell|describe|classify|caption|transcribe|identify|recogni[sz]e|categori[sz]e|count|say|give|explain|show|list|name|find|figure|work out|"
    r"determine|summari[sz]e|write|train|help|look|answer|guess|check|read|estimate|spot|put|see whether|see if|label|tag|let|have|use)"
)
_WH = r"(?:what|who|whose|where|when|why|how|which|whether|if)"
_AHEAD = [
    r"(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day))(?: there| everyone| all| isthmus)?(?![\w'])",
    r"(?:ok|okay|so|well|um|uh|hm+|and|also|then|first(?: of all)?|firstly|second|secondly|third|thirdly|next|finally|lastly|now|plus|but|or|please|kindly|just|sorry|thanks|thank you|thx|maybe|actually|roughly|approximately|exactly|about|around|yo|uh|once more|quick question|one question|question|alright|right)(?![\w'-])(?! of\b)",
    rf"(?:can|could|would|will) you (?:please |kindly |just |maybe |also |quickly )*(?={VERBS}\b)",
    r"(?:can|could|may|might) (?:i|we) (?:please )?(?:get|have|ask for|ask|know)\b(?: you)?(?: to know)?",
    r"would you (?:mind|be so kind(?: as)?(?: to)?|please)\b",
    r"(?:i|we)(?: would|'d| do| really| just| only)* (?:want|need|like|love|wish|have) (?:you )?to (?:know|see|find out|learn|ask|understand|hear)(?: about)?\b",
    rf"(?:i|we)(?: would|'d| just)* (?:want|need|like|love)(?: you)? to (?={VERBS}\b)",
    r"(?:i|we)(?: would|'d| just)* (?:want|need|like|love|appreciate|prefer) (?=(?:a|an|the|one|some) (?:[a-z]+ )?(?:caption|description|summary|name|count|number)\b)",
    r"i(?: am| was)? (?:wonder|wondering|curious|interested)(?: about| in)?\b",
    rf"help (?:me|us) (?:to )?(?:know|understand|see|find out|(?={VERBS}\b))",
    r"(?:do|would) you (?:happen to )?know\b(?! (?:the |a )?(?:man|woman|person|people|him|her|them))",
    r"(?:have you |got |do you have )?any (?:idea|clue|guess)\b",
    r"(?:tell|show|answer|give) (?:me|us|him|her|them)\b(?! (?:more |something |everything |all )?about)(?! everything)(?! (?:a|an) (?:joke|story|poem|bedtime))",
    r"let (?:me|us) know\b",
    rf"tell from (?:this|it|here|that|the [a-z]+) (?={_WH}\b)",
    r"(?:i|we) (?:should|would|'d) be (?:very |much |most |so )*(?:obliged|grateful|glad|happy|thankful|pleased) (?:if you (?:could|would|can)|to (?:know|hear|learn))(?: kindly| please)?\b",
    r"it (?:would|'d) be (?:very |really |so )*(?:good|nice|great|kind|helpful|lovely) (?:if you (?:could|would)|to know)\b",
    rf"(?:say|explain|describe|list|answer|guess|check|tell|find out|figure out|work out|determine|see|show|name|read(?: out)?)(?: to (?:me|us))? (?={_WH}\b)",
    r"(?:say|explain)(?: to)? (?:me|us)\b",
    r"(?:would|do|could) you (?:say|think|guess|reckon) (?:that )?(?=(?:it|this|that|these|the|he|she|they|there)\b)",
    rf"(?:in|on|from|looking at|for|about) (?:this|the|my|that) {PHOTO} ?,",
    rf"(?:please )?(?:look|have a look|take a look)(?: closely| carefully)?(?: at (?:this|the|my|it)(?: {PHOTO})?)?(?: and|,|:)",
]
AHEAD = re.compile(rf"^(?:{'|'.join(_AHEAD)})[\s,:!.\-–—]*")
BEHIND = re.compile(
    r"[\s,]*\b(?:please|thanks|thank you|thx|for (?:me|us|him|her)|exactly|roughly|approximately|precisely|if (?:you can|possible|you don't mind)|will you|would you|"
    r"do you (?:think|know|reckon)|to (?:me|you)|at all|anywhere|in (?:one|a|two) (?:sentences?|words?|few words))[\s!.]*$"
)

_BE = r"(?:is|are|was|were)"
# "what colour the car is" -> "what colour is the car": people ask so after "tell me".
_DET = r"(?:the|a|an|this|that|these|those|my|his|her|their|its)"
_PRONOUN = r"(?:it|he|she|they|this|that|these|those|we|i)"
_DOING = {
    "holds": "holding", "wears": "wearing", "eats": "eating", "drinks": "drinking", "reads": "reading", "rides": "riding",
    "carries": "carrying", "does": "doing", "plays": "playing", "looks at": "looking at", "drives": "driving", "throws": "throwing",
    "points at": "pointing at", "sits on": "sitting on", "stands on": "standing on", "uses": "using", "watches": "watching",
}  # fmt: skip
# "what colour the car is" -> "what colour is the car": people ask so after "tell me".
INVERSIONS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"^(whether|if) or not "), r"\1 "),
    # Asked positively: the answer to "is there no dog?" means one thing to people and another to models.
    (re.compile(r"^(is|was) there (?:no|not an?y?) (.+)$"), lambda m: f"{m[1]} there {_article(m[2])}{m[2]}"),
    (re.compile(r"^(are|were) there (?:no|not any) (.+)$"), r"\1 there any \2"),
    (re.compile(rf"^(is|are|was|were|does|do|did|has|have|could|would|ca)n?'?n't ((?:there|any\w*|some\w*|you|{_PRONOUN}|{_DET})\b.*)$"), lambda m: f"{m[1].replace('ca', 'can') if m[1] == 'ca' else m[1]} {m[2]}"),
    (re.compile(rf"^(is|are|was|were|does|do|did|has|have|can) ({_PRONOUN}|{_DET} [\w-]+) not (.+)$"), r"\1 \2 \3"),
    (re.compile(r"^(?:identify|spot|locate|look for|note|check for|point out) (?:any|all) ([\w' -]+)$"), r"are there any \1"),
    (re.compile(r"^describe (?:the )?([\w -]+?)'s (?:clothes|clothing|outfit|attire|dress)$"), r"what is the \1 wearing"),
    (re.compile(r"^describe (?:the )?(?:clothes|clothing|outfit|attire) (?:of|on) (the [\w -]+)$"), r"what is \1 wearing"),
    (re.compile(r"^describe (his|her|their) (?:clothes|clothing|outfit|attire)$"), lambda m: {"his": "what is he wearing", "her": "what is she wearing"}.get(m[1], "what are they wearing")),
    (re.compile(r"^(count (?:up )?(?:all |the |all the )?[\w', -]+?) (?:that are )?(?:visible|shown|present|in view)$"), r"\1"),
    (re.compile(r"^(?:tell (?:me |us )?)?more(?: details?)?$|^more details?(?: about (?:it|this))?$|^(?:go on|elaborate)$|^what else(?: (?:is there|do you see|can you see))?$"), r"describe it"),
    (re.compile(r"^(.*\b(?:call|called|name|named)\b.*) in english$"), r"\1"),
    (re.compile(r"^(?:the |its )?(colou?r|size|shape|age)$"), r"what \1 is it"),
    (re.compile(r"^(?:is (?:this|that|it) )?another ([a-z -]+)$"), r"is this a \1"),
    (re.compile(r"^(?:verify|confirm|check|make sure|ensure) (?:that |if |whether )?(?:nobody|no one) is (.+)$"), r"is anybody \1"),
    (re.compile(rf"^(?:verify|confirm|check|make sure|ensure) (?:that |if |whether )?({_PRONOUN}|{_DET} [\w' -]+?) ({_BE}) (.+)$"), r"\2 \1 \3"),
    (re.compile(r"^(?:can|could) (?:this|it|that) be (identif|classif)ied$"), r"\1y it"),
    (re.compile(r"^(?:the )?((?:time|numbers?|name|words?|text|title|price|score|brand|age|shape|material|position|date|letters?) (?:on|of|in) .+)$"), r"what is the \1"),
    (re.compile(r"^(?:the )?((?:(?:tele)?phone number|e-?mail(?: address)?|web ?site|web ?address|opening (?:hours|times?)|price|expiry date)(?: (?:on|of|in) .+)?)$"), r"what is the \1"),
    (re.compile(r"^count(?: up)? (?:how many|the number of) (.+)$"), r"how many \1"),
    (re.compile(rf"^(?:the )?(?:exact |total )?how many ([\w' -]+?) there ({_BE})( .+)?$"), r"how many \1 \2 there\3"),
    (re.compile(rf"^(?:whether|if) there ({_BE}) (.+)$"), r"\1 there \2"),
    (re.compile(rf"^(?:whether|if) ({_PRONOUN}) ({_BE}) (.+)$"), r"\2 \1 \3"),
    (re.compile(rf"^(?:whether|if) ((?:{_DET}|any) [\w' -]+?) ({_BE}) (.+)$"), r"\2 \1 \3"),
    (re.compile(r"^(?:whether|if) (anyone|anybody|someone|somebody|everyone|everybody) is (.+)$"), r"is \1 \2"),
    (re.compile(rf"^(?:whether|if) ({_PRONOUN}|{_DET} [\w' -]+?) (?:looks|look) (.+)$"), r"does \1 look \2"),
    (re.compile(rf"^(?:whether|if) ({_PRONOUN}|{_DET} [\w' -]+?) (?:has|have) (.+)$"), r"does \1 have \2"),
    (re.compile(r"^(?:whether|if) (?:you|we|i) (?:can |could )?see (.+)$"), r"can you see \1"),
    (re.compile(rf"^({_BE}) (it|this|that) (the|a) same (.+)$"), r"\1 \2 \3 same \4"),
    (
        re.compile(
            rf"^(what|who|where|how|why|(?:what|which|how) [\w-]+(?: of [\w-]+)?) "
            rf"({_PRONOUN}|{_DET} [\w' -]+?) ({_BE})( \w+ing\b.*| on\b.*| in\b.*| made of.*| called| \w+ed)?$"
        ),
        r"\1 \3 \2\4",
    ),
    (
        re.compile(rf"^(what|how|where|when|what time) ({_PRONOUN}|{_DET} [\w' -]+?) (look|seem|feel|come|go|lead|say|cost|weigh|mean|smell|open|close|start|end|leave|arrive)(?:e?s)?( like| from| to)?$"),
        lambda m: f"{m[1]} {'do' if m[2] in ('they', 'these', 'those', 'we', 'i') else 'does'} {m[2]} {m[3]}{m[4] or ''}",
    ),
    (re.compile(rf"^(what) ((?:{_DET} [\w' -]+?)|he|she|it) ({'|'.join(_DOING)})$"), lambda m: f"what is {m[2]} {_DOING[m[3]]}"),
    (re.compile(r"^(?:count(?: up)?|give the count of) (?:all |the |all the |all of the )?([\w', -]+?)(?: that you see| you see)?$"), r"how many \1 are there"),
    (re.compile(r"^(?:give )?(?:the |a )?(?:total |exact )?(?:number|count|amount) of (?:the |all )?([\w' -]+)$"), r"how many \1 are there"),
    (re.compile(r"^what is (?:the )?(?:total |exact )?number of (?:the )?([\w' -]+)$"), r"how many \1 are there"),
    (re.compile(r"^(?:give |identify |name |say )?(?:the )?(colou?r|size|shape|age) of ([\w' -]+)$"), r"what \1 is \2"),
    (re.compile(r"^describe (?:the )?(colou?r|size|shape) of ([\w' -]+)$"), r"what \1 is \2"),
    (re.compile(r"^describe (?:its|his|her|their) (colou?r|size|shape)$"), r"what \1 is it"),
    (re.compile(r"^(?:what is )?(?:its|their) (colou?r|size|shape|age)$"), r"what \1 is it"),
    (re.compile(r"^(?:the )?(colou?r|breed|size|age|kind|type) (is|are) (.+)$"), r"what \1 \2 \3"),
    (re.compile(r"^read (?:out )?(?:the )?(sign|text|label|poster|plate|writing)$"), r"what does the \1 say"),
    (re.compile(r"^read (?:out )?(the (?:number|name|word|letter)s? .+)$"), r"what is \1"),
    (re.compile(r"^anything (.+)$"), r"is there anything \1"),
    (re.compile(r"^(?:any|some)(?:body|one) (.+)$"), r"is there anybody \1"),
    (re.compile(r"^any ([\w -]+s)$"), r"are there any \1"),
    (re.compile(rf"^(how many [\w-]+)(?: (?:in|on) (?:this|the|my) {PHOTO}| here| total)?$"), r"\1 are there"),
    (re.compile(r"^is (?:their|they're) (an? [\w ]+)$"), r"is there \1"),
    (re.compile(r"^how many (them|those|these|it) are there$"), r"how many of them are there"),
]  # fmt: skip


def _article(noun: str) -> str:
    return "" if not noun or noun.startswith(("body", "one")) else "an " if noun[0] in "aeiou" else "a "


_TAG = re.compile(
    rf"(?:^|(?<=[.;!?] ))({_PRONOUN}|there|{_DET} [\w-]+(?: [\w-]+)?) (is|are|was|were)(?:n't| not)? (.+?), (?:is|are|was|were)(?:n't)? (?:{_PRONOUN}|there)(?=\?|$)"
)


def without_tags(text: str) -> str:
    """`It isn't a dog, is it?` and `it is a dog, isn't it?` as `is it a dog?`, whatever was expected."""
    return _TAG.sub(
        lambda m: f"{m[2]} {m[1]} {re.sub('^no ', _article(m[3][3:]) if m[2] in ('is', 'was') else 'any ', m[3])}", text
    )


_BULLET = re.compile(r"(?:^|(?<=[\s.;,?!:]))\(?(?:\d{1,2}|[a-h])[.)](?=\s)\s+|(?:^|(?<=\. ))[-*+•–]\s+")


def regular(text: str) -> str:
    """Lower case, plain apostrophes, one space, known typos mended; punctuation kept, because it parts requests."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = text.translate({0x2019: "'", 0x2018: "'", 0x00B4: "'", 0x0060: "'", 0x201C: " ", 0x201D: " ", 0x22: " "})
    text = re.sub(r"\s*[\r\n]+\s*", ". ", text.strip())
    text = _BULLET.sub(". ", text)
    text = re.sub(r"^(?:\s*[.]\s*)+", "", text.replace("=", " = ").replace("–", " - ").replace("—", " - "))
    text = re.sub(r"\s+\+\s+", " and ", text)
    text = "".join(c if c.isalnum() or c in " '?!.,;:-+*/&" else " " for c in text)
    text = re.sub(r"\b((?:what|which) \w+)'s\b", r"\1 is", text)
    words = [re.fullmatch(r"([\w']*)(.*)", word) for word in text.split()]
    return " ".join(mended(m[1]) + m[2] for m in words if m)


# Words that are about asking. Where only such stand before a question word or a verb of ours, the request begins there.
_TALK_WORDS = (
    "i i'm i'd i'll i've am we you one can could would will may might should somebody someone anyone anybody please tell telling say saying me us to "
    "know find out trying try want wanted need like love wish hope is it possible do does just really also now yo uh um hey hi maybe perhaps "
    "let show explain check see figure work determine curious wondering wonder was about of help understand your opinion idea guess think "
    "quick question my so then and but in this photo picture image here for that interested mind able ask asking answer learn hear if you're "
    "there any chance have a be the be interesting good nice great thing want to's sure not i 'm get it's next more another eager keen unsure "
    "don't cannot can't at look looking roughly approximately what's how's"
)
_TALK = frozenset(_TALK_WORDS.split())
_ASKING_WORDS = (
    "tell telling say saying know find figure work determine curious wondering wonder explain check see show understand idea guess question help "
    "interested learn hear ask asking answer somebody someone anyone possible able sure unsure uh um yo hey hi"
)
_ASKING = frozenset(_ASKING_WORDS.split())
_BEGINS = re.compile(
    r"\b(?:what|which|who|whose|whom|where|when|why|how|whether|if|describe|caption|classify|identify|count|summari[sz]e)\b(?! (?:possible|you can|you could|you don't|not)\b)"
)


_ADVERB = re.compile(r",? \b(?:exactly|actually|precisely|by any chance|anyway)\b,?(?= )")
_OPINION = re.compile(
    r"^((?:what|who|whose|where|why|how|which)(?: [\w-]+){0,3}?) (?:do|would) you (?:think|reckon|guess|believe|suppose) (?:that )?(?=\w)"
)


def _without_talk(piece: str) -> str:
    opening = _BEGINS.search(piece)
    if opening is None or not opening.start() or opening.end() == len(piece):
        return piece
    ahead = re.findall(r"[\w']+", piece[: opening.start()])
    return (
        piece[opening.start() :] if all(word in _TALK for word in ahead) and any(word in _ASKING for word in ahead) else piece
    )


@lru_cache(maxsize=1024)  # parting a message asks for the same pieces again and again
def direct(piece: str) -> str:
    """The request itself: without politeness around it, without closing punctuation, as a direct question."""
    piece = piece.strip(" ,;:.!?-–—")
    while (shorter := BEHIND.sub("", AHEAD.sub("", piece)).strip(" ,;:.!?-–—")) != piece:
        piece = shorter
    piece = _OPINION.sub(r"\1 ", _ADVERB.sub("", _without_talk(piece)))
    for pattern, replacement in INVERSIONS:
        piece = pattern.sub(replacement, piece)
    return piece


_AFTER = re.compile(
    r"^(?:after|once|when|as soon as) you(?: have|'ve| had)? (described|classified|identified|captioned|counted|named|know|found out|found|seen|worked out) "
    r"(.+?), (?:then |please )?(.+)$"
)
_DONE = {
    "described": "describe",
    "classified": "classify",
    "identified": "identify",
    "captioned": "caption",
    "counted": "count",
    "named": "name",
}


_BESIDES = re.compile(
    r"^(?:besides|apart from|in addition to|aside from|along with|next to) (describ|classify|caption|identify|nam)ing (.+?), (.+)$"
)


def reworded(text: str) -> str:
    """`Once you have described it, count the dogs` as `describe it, then count the dogs`."""
    text = _BESIDES.sub(
        lambda found: f"{found[1]}{'e' if found[1] in {'describ', 'nam'} else ''} {found[2]} and {found[3]}", text
    )
    return _AFTER.sub(lambda found: f"{_DONE.get(found[1], 'tell me')} {found[2]}, then {found[3]}", text)
