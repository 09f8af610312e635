"""Misspells words as people do: slips of fingers, chat spelling, words that sound alike."""

import random

from inference.planning.rules.spelling import TYPOS

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {key: row[max(0, i - 1) : i] + row[i + 1 : i + 2] for row in _KEYS for i, key in enumerate(row)}
_SOUNDS_ALIKE = (
    "their there they're", "its it's", "your you're", "to too two", "for four", "read reed red", "male mail",
    "plane plain", "which witch", "whether weather", "hole whole", "one won", "by buy", "hear here", "write right",
    "son sun", "stairs stares", "breed bread", "bare bear", "piece peace", "wear where ware", "know no", "tail tale",
    "weight wait", "pair pear", "sale sail", "floor flaw", "board bored", "break brake", "flower flour", "hair hare",
    "knight night", "meat meet", "see sea", "steel steal", "tire tyre", "wood would", "eight ate", "sight site",
    "sauce source", "scene seen", "herd heard", "hi high", "new knew",
)  # fmt: skip
_ALIKE = {word: [other for other in group.split() if other != word] for group in _SOUNDS_ALIKE for word in group.split()}
_CHAT = {right: wrong for wrong, right in TYPOS.items() if len(wrong) < len(right)} | {
    "you": "u", "are": "r", "please": "pls", "because": "cuz", "and": "n", "with": "w", "picture": "pic", "photo": "pic",
    "people": "ppl", "what": "wat", "this": "dis", "that": "dat", "there": "ther", "something": "smth", "your": "ur",
    "to": "2", "for": "4", "be": "b", "see": "c", "why": "y", "okay": "k", "tell": "tel", "colour": "clr", "number": "nr",
}  # fmt: skip


def misspell(word: str, dice: random.Random) -> str:
    """`word` with one fault, or as it was where none suits it."""
    kind = dice.random()
    if kind < 0.12 and word in _ALIKE:
        return dice.choice(_ALIKE[word])
    if kind < 0.35 and word in _CHAT:
        return _CHAT[word]
    if "'" in word and kind < 0.8:
        return word.replace("'", "")
    if len(word) < 3 or not word.isalpha() or not word.isascii():
        return word
    return _slip(word, dice)


def _slip(word: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(word))
    before, at, after = word[:place], word[place], word[place + 1 :]
    match dice.randrange(6):
        case 0:
            return before + after
        case 1:
            return before + at + at + after
        case 2:
            return before[:-1] + at + before[-1] + after
        case 3:
            return before + dice.choice(_NEIGHBOURS.get(at) or at) + after
        case 4 if len(word) > 4:
            return word[0] + "".join(c for c in word[1:] if c not in "aeiou")
        case _:
            return before + after if at in "aeiouh" else before[:-1] + at + before[-1] + after
