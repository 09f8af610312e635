"""Words as people mistype them. A table for the common ones; otherwise one slip away from a word that steers the planner.

Only steering words are mended: what a question is about is left as it was typed, because any word may be a thing.
"""

from functools import lru_cache

_TYPOS = {
    "what": "waht whta wat hwat wht wot",
    "what is": "whats wats what's wat's",
    "who is": "whos who's",
    "where is": "wheres where's",
    "how is": "hows how's",
    "that is": "thats that's",
    "there is": "there's theres",
    "it is": "it's",
    "they are": "they're theyre",
    "he is": "he's",
    "she is": "she's",
    "i am": "i'm im",
    "which": "wich whcih whihc",
    "where": "wher whre wehre",
    "how": "hwo",
    "many": "mnay mayn mny manny",
    "is": "si iz",
    "are": "aer r",
    "the": "teh hte da",
    "this": "tihs thsi dis thiss",
    "that": "taht dat tht",
    "there": "ther thre",
    "you": "u ya",
    "your": "ur",
    "please": "pls plz pleas plese",
    "give me": "gimme",
    "let me": "lemme",
    "want to": "wanna",
    "about": "abt",
    "and": "nad adn",
    "caption": "capton captoin",
    "classify": "clasify classifiy clasiffy classfy",
    "identify": "idenitfy identfy indentify",
    "photo": "foto phto ohoto fotograph",
    "picture": "pitcure picutre pictrue",
    "image": "imgae iamge",
    "colour": "colur coulour collour",
    "color": "coler colro",
    "breed": "bread's bred breeed",
    "people": "poeple peopel ppl",
    "count": "cuont conut",
    "train": "trian trainn tarin",
    "cifar-10": "cifar10 cfar10 cifar_10",
    "open": "opne",
    "sheep": "sheeps",
}
TYPOS = {wrong: right for right, words in _TYPOS.items() for wrong in words.split()}
_STEERING_WORDS = (
    "describe description caption captions classify classifier classification identify recognise recognize photograph "
    "picture pictures animal species colour colours happening wearing holding children training federated federation "
    "devices clients rounds epochs learning compression aggregation differential privacy malicious handwritten "
    "background foreground explain summarise summarize weather standing sitting playing riding eating model digits "
    "minutes seconds"
)
_STEERING = _STEERING_WORDS.split()
# Real words one slip away from a steering word.
_REAL_WORDS = (
    "color colors animals modal motel medal yodel pounds sounds hounds bounds wounds grounds mounds round model models device "
    "client picturesque heating beating seating meeting resting hiding riding siding biding tiding training straining "
    "draining raining learning earning leaning hearing bearing tearing wearing weathers leather heather feather "
    "whether laying paying saying praying playing spitting setting fitting hitting sitting holding folding molding "
    "scolding colors second minute digit epoch privacy photographs photographer identity colourful describes "
    "described captains captain captioned classified classic"
)
_REAL = frozenset(_REAL_WORDS.split())
SHORTEST = 5


def mended(word: str) -> str:
    """`word` in lower case, as it was probably meant."""
    if word in TYPOS:
        return TYPOS[word]
    return _nearest(word) if len(word) >= SHORTEST and word.isalpha() and word.isascii() else word


@lru_cache(maxsize=4096)
def _nearest(word: str) -> str:
    if word in _REAL or word in _STEERING:
        return word
    candidates = [
        candidate
        for candidate in _STEERING
        if abs(len(candidate) - len(word)) <= 1 and candidate[0] == word[0] and _one_slip(word, candidate)
    ]
    return candidates[0] if len(candidates) == 1 else word


def _one_slip(typed: str, intended: str) -> bool:
    """One letter too many, missing, wrong, or two swapped (Damerau's four); a plural is no slip."""
    if typed + "s" == intended or intended + "s" == typed or typed == intended:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, intended, strict=False)) if a != b), min(len(typed), len(intended)))
    a, b = typed[start:], intended[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
