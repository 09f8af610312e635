"""What people type, made regular: spelling, apostrophes, politeness, and indirect questions turned into direct ones.

Everything is lower case afterwards: the models read it so, and the tables of `requests` are written so.
"""

import re
import unicodedata

PHOTO = r"(?:photo|photograph|picture|image|pic|shot|snapshot|scene|frame)s?"

_TYPOS = {
    "what": "waht whta waht wat hwat wht",
    "what is": "whats wats what's wat's",
    "who is": "whos who's",
    "where is": "wheres where's",
    "how is": "hows how's",
    "that is": "thats that's",
    "there is": "there's theres",
    "it is": "it's",
    "they are": "they're theyre",
    "which": "wich whcih whihc",
    "where": "wher whre wehre",
    "how": "hwo",
    "many": "mnay mayn",
    "is": "si",
    "are": "aer",
    "the": "teh hte",
    "this": "tihs thsi",
    "there": "ther thre",
    "you": "u",
    "describe": "discribe descirbe decribe descibe desribe describ",
    "caption": "capton captoin",
    "classify": "clasify classifiy clasiffy classfy",
    "identify": "idenitfy identfy indentify",
    "photo": "foto phto ohoto",
    "picture": "pitcure picutre pictrue",
    "image": "imgae iamge",
    "colour": "colur coulour collour",
    "color": "coler colro",
    "breed": "bread's bred breeed",
    "happening": "hapening happenning happning",
    "people": "poeple peopel",
    "count": "cuont conut",
    "wearing": "waering wering",
}
TYPOS = {wrong: right for right, words in _TYPOS.items() for wrong in words.split()}

VERBS = r"(?:tell|describe|classify|caption|identify|recogni[sz]e|count|say|give|explain|show|list|name|find|summari[sz]e|write|train|help|look|answer|guess|check|see whether|see if|label)"
_AHEAD = [
    r"(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day))(?: there| everyone| all| isthmus)?(?![\w'])",
    r"(?:ok|okay|so|well|um|uh|and|also|then|first|firstly|second|secondly|next|finally|lastly|now|plus|but|please|pls|plz|kindly|just|sorry|thanks|thank you)(?![\w'-])",
    rf"(?:can|could|would|will) you (?:please |kindly |just )?(?={VERBS}\b)",
    r"i(?: would|'d)? (?:want|need|like|love|wish) (?:you )?to (?:know|see|find out|learn|ask|understand)(?: about)?\b",
    rf"i(?: would|'d)? (?:want|need|like) you to (?={VERBS}\b)",
    r"i(?: am|'m|m)? (?:wonder|wondering|curious)(?: about)?\b",
    rf"help me (?:to )?(?:know|understand|see|find out|(?={VERBS}\b))",
    r"(?:do|would) you (?:happen to )?know\b(?! (?:the |a )?(?:man|woman|person|people|him|her|them))",
    r"any (?:idea|clue)\b",
    r"(?:tell|show|answer) (?:me|us)\b(?! (?:more |something |everything |all )?about)(?! (?:a|an) (?:joke|story|poem))",
    r"let (?:me|us) know\b",
    r"(?:say|explain|describe|list|answer|guess|check|find out|figure out|see)(?: to me)? (?=(?:what|who|whose|where|when|why|how|which|whether|if)\b)",
    rf"(?:in|on|from|looking at|for|about) (?:this|the|my|that) {PHOTO} ?,",
    rf"(?:please )?(?:look|have a look|take a look) at (?:this|the|my|it)(?: {PHOTO})?(?: and)?",
]
AHEAD = re.compile(rf"^(?:{'|'.join(_AHEAD)})[\s,:!.\-–—]*")
BEHIND = re.compile(
    r"[\s,]*\b(?:please|pls|plz|thanks|thank you|thx|for me|for us|exactly|if you can|will you|would you)[\s!.]*$"
)

_BE = r"(?:is|are|was|were)"
# "what colour the car is" -> "what colour is the car": people ask so after "tell me".
INVERSIONS = [
    (re.compile(r"^count(?: up)? (?:how many|the number of) (.+)$"), r"how many \1"),
    (re.compile(rf"^how many ([\w' -]+?) there ({_BE})( .+)?$"), r"how many \1 \2 there\3"),
    (re.compile(rf"^(?:whether|if) there ({_BE}) (.+)$"), r"\1 there \2"),
    (re.compile(rf"^(?:whether|if) (it|he|she|they|this|that) ({_BE}) (.+)$"), r"\2 \1 \3"),
    (re.compile(rf"^(?:whether|if) ((?:the|a|an|any|this|that|these|those|my) [\w' -]+?) ({_BE}) (.+)$"), r"\2 \1 \3"),
    (re.compile(r"^(?:whether|if) (?:you|we|i) can see (.+)$"), r"can you see \1"),
    (
        re.compile(
            rf"^(what|who|where|how|why|(?:what|which|how) [\w-]+(?: of [\w-]+)?) "
            rf"(it|he|she|they|this|that|these|those|(?:the|a|an|this|that|these|those|my) [\w' -]+?) ({_BE})( \w+ing\b.*)?$"
        ),
        r"\1 \3 \2\4",
    ),
    (re.compile(r"^(?:count(?: up)?|give the count of) (?:all |the |all the |all of the )?([\w' -]+?)(?: that you see| you see)?$"), r"how many \1 are there"),
    (re.compile(r"^(?:give )?(?:the |a )?(?:number|count|amount) of (?:the )?([\w' -]+)$"), r"how many \1 are there"),
    (re.compile(r"^(?:give |identify |name |say )?(?:the )?(colou?r) of ([\w' -]+)$"), r"what \1 is \2"),
    (re.compile(r"^(?:the )?(colou?r|breed|size|age|kind|type) (is|are) (.+)$"), r"what \1 \2 \3"),
    (re.compile(rf"^(how many [\w-]+)(?: (?:in|on) (?:this|the|my) {PHOTO}| here| total)?$"), r"\1 are there"),
]  # fmt: skip


def regular(text: str) -> str:
    """Lower case, plain apostrophes, one space, known typos mended; punctuation kept, because it parts requests."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = text.translate({0x2019: "'", 0x2018: "'", 0x00B4: "'", 0x0060: "'", 0x201C: " ", 0x201D: " ", 0x22: " "})
    text = re.sub(r"\s*[\r\n]+\s*", ". ", text.strip())
    text = "".join(c if c.isalnum() or c in " '?!.,;:-+*/&" else " " for c in text)
    words = [re.fullmatch(r"([\w']*)(.*)", word) for word in text.split()]
    return " ".join(TYPOS.get(m[1], m[1]) + m[2] for m in words if m)


def direct(piece: str) -> str:
    """The request itself: without politeness around it, without closing punctuation, as a direct question."""
    piece = piece.strip(" ,;:.!?-–—")
    while (shorter := BEHIND.sub("", AHEAD.sub("", piece)).strip(" ,;:.!?-–—")) != piece:
        piece = shorter
    for pattern, told in INVERSIONS:
        piece = pattern.sub(told, piece)
    return piece
