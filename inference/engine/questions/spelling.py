"""A question in regular words: lower case, typos and contractions mended, politeness and tags left out. Pure."""

import re
import unicodedata

_TYPOS = {
    "whats": "what is", "what's": "what is", "wats": "what is", "wat": "what", "waht": "what", "wot": "what", "wht": "what",
    "whos": "who is", "who's": "who is", "wheres": "where is", "where's": "where is", "hows": "how is", "how's": "how is",
    "hw": "how", "hwo": "how", "mny": "many", "manny": "many", "mnay": "many", "teh": "the", "colur": "colour", "colr": "colour",
    "coler": "colour", "coulour": "colour", "collour": "colour", "clour": "colour", "colors": "colours", "color": "colour",
    "animl": "animal", "aminal": "animal", "annimal": "animal", "ther": "there", "theres": "there is", "there's": "there is",
    "isnt": "isn't", "arent": "aren't", "doesnt": "doesn't", "dont": "don't", "wasnt": "wasn't", "hasnt": "hasn't",
    "cant": "can't", "wich": "which", "whcih": "which", "pls": "please", "plz": "please", "ppl": "people", "pic": "picture",
    "foto": "photo", "thier's": "theirs", "numer": "number",
}  # fmt: skip
_CHAT = (
    (re.compile(r"\bthier\b(?<=\b(?:is|as) thier)"), "there"),
    (re.compile(r"\bare thier\b"), "are there"),
    (re.compile(r"\bthier\b"), "their"),
    (re.compile(r"\br (?=(?:u|you|there|ther|they|these|those|we|the|any)\b)"), "are "),
    (re.compile(r"\b((?:what|who|where|how|there|they|we|you|u|things|colours?)) r\b"), r"\1 are"),
    (re.compile(r"\b((?:can|could|do|did|would|will|are|what|how|where)) u\b"), r"\1 you"),
    (re.compile(r"\bu (?=(?:see|tell|think|know|find|spot|describe|say|count|read|please|can)\b)"), "you "),
)
_POLITE = re.compile(
    r"^(?:(?:hi|hey|hello|ok|okay|so|and|um|well|please|now|then)\b[ ,]*"
    r"|(?:can|could|would|will) you (?:please )?(?:tell|say to|show) (?:me|us) |(?:tell|show) (?:me|us) |do you (?:know|think) (?=\w)"
    r"|i (?:want|would like|need|wonder)(?: to know)? |(?:whether|if) (?=there|it|the|he|she|they|this|that|these|those|any))+"
)
_TRAILING = re.compile(
    r"[ ,]*(?:\bplease\b|\bthanks\b|\bthank you\b|\bby any chance\b|\bdo you (?:think|know)\b"
    r"|, ?(?:right|correct|yes|no|is it|isn't it|is there|isn't there|are there|aren't there|are they|aren't they))[ ,]*$"
)
# "there is a dog" asks, after "do you think" or with a question mark, whether there is one.
_STATED = re.compile(r"^(?P<who>there|it|this|that|these|those|they|he|she) (?P<be>is|are|was|were) (?P<rest>[^,]+)$")


def regular(question: str) -> str:
    """Plain apostrophes, no closing punctuation; a statement as the question that it stands for."""
    text = unicodedata.normalize("NFKC", question).lower().translate({0x2019: "'", 0x2018: "'", 0x60: "'", 0xB4: "'"})
    text = re.sub(r"[^\w\s',/-]", " ", text).replace("/", " or ").replace("_", " ")
    words = [match for word in text.split() if (match := re.fullmatch(r"(.*?)(,*)", word))]
    text = " ".join(_TYPOS.get(match[1], match[1]) + match[2] for match in words).strip(" ,-")
    for pattern, mended in _CHAT:
        text = pattern.sub(mended, text)
    while (shorter := _TRAILING.sub("", _POLITE.sub("", text)).strip(" ,-")) != text:
        text = shorter
    stated = _STATED.match(text)
    return f"{stated['be']} {stated['who']} {stated['rest']}" if stated else text
