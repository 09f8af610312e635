"""The alternatives of "is it a cat, a dog or a bird?": parallel phrases around "or". Pure."""

import re

from inference.engine.questions.grammar import AUX, DETERMINER

_OR = re.compile(r"\s*,? or (?!(?:not|so|what|no|else|something|anything|more|less|both|neither)\b)")
_NEITHER = re.compile(r",? or (?:both|neither|none|not|something else|another|other|what)(?: of them)?$")
_AGAIN = re.compile(rf" or (?:{AUX} (?:it|this|that|they|these|those|there|he|she) )")  # "red or is it blue"
_ANY = re.compile(rf"^{AUX} there any\b|^(?:do|can|could) (?:you|we|i) see any\b|^any\b")
_LEAD = re.compile(
    rf"^(?:(?:what|which|who|how)(?: \w+)? (?:is|are|was|were) (?:it|this|that|these|those|they|he|she|there|more)?\b,? ?"
    rf"|(?:which|what) (?:is|are) (?:there )?more(?: of)?,? ?"
    rf"|{AUX} (?:there|it|this|that|these|those|they|he|she|you|we|i|her|his)(?: (?:mostly|mainly|rather|more|more like|probably|actually|really|taken|made|like))*\b ?"
    rf"|{AUX} (?:the|this|that|my) (?:photo|picture|image|scene|place|weather|pic)(?: taken| mostly| made)?\b ?)"
)
_ARTICLE = re.compile(r"^(?:an?|the|some|any|more|rather|his|her|their|its|my) ")
_PREPOSITION = r"(?:in|on|at|under|by|near|with|during|from|inside|outside|behind|beside|next|over|of|to|for)"
_OPENS = re.compile(rf"^(?:{_PREPOSITION}|an?|the|some|any|his|her|their)\b")
_TAIL = re.compile(
    r"(?<=\w)(?: (?:in|on|of) (?:the|this|that|my) (?:photo|picture|image|pic)| in here| here| there| in (?:this|it)| do you think| then)+$"
)
_SHARED = re.compile(rf" {_PREPOSITION} .*$")
_ING = re.compile(r"\w+ing\b")
_PAIR = re.compile(r"\b\w+ and \w+$")  # "black and white"
_VERB = re.compile(r"^(?:have|wear|wearing|hold|holding|eat|eating|look|like) ")
_LONGEST = 5  # words of an alternative


def of(text: str) -> tuple[str, ...]:
    """Two or more, without articles; empty where the question offers no choice. `text` as `spelling.regular` leaves it."""
    parts = _OR.split(_NEITHER.sub("", _AGAIN.sub(" or ", text)))
    if len(parts) < 2 or _ANY.match(text):
        return ()
    *before, last = parts
    last = _TAIL.sub("", last).strip(" ,")
    chunks = [chunk.strip() for part in before for chunk in part.split(",") if chunk.strip()]
    if not chunks or not last:
        return ()
    lead, *middle = chunks
    if re.match(r"^(?:what|which|who|how|where)\b", lead) and middle:  # "which is it, a cat or a dog?"
        first = ""
    else:
        first = _first(lead, last)
    choices = [_trimmed(choice, last) for choice in [first, *middle, _cut(last, first or (middle or [""])[0])] if choice]
    unique = tuple(dict.fromkeys(choices))
    return unique if len(unique) > 1 and all(0 < len(choice.split()) <= _LONGEST for choice in unique) else ()


def _first(lead: str, last: str) -> str:
    """The end of the opening that is parallel to the last alternative: "is the light [red] or green"."""
    rest = _LEAD.sub("", lead)
    if not rest:
        return ""
    words, model = rest.split(), last.split()
    if pair := _PAIR.search(rest):
        return pair[0]
    opening = _OPENS.match(last)
    if opening:
        pattern = r"\b(?:an?|the|some|any|his|her|their)\b" if re.match(DETERMINER, opening[0]) else rf"\b{_PREPOSITION}\b"
        starts = [match.start() for match in re.finditer(pattern, rest)]
        return rest[starts[-1] :] if starts else " ".join(words[-len(model) :])
    if _ING.match(model[0]) and (verbs := [match.start() for match in _ING.finditer(rest)]):
        return rest[verbs[-1] :]
    if rest != lead:  # "is it …": all that follows, unless that is much longer than the other
        own = _ARTICLE.sub("", rest).split()
        return " ".join(own if len(own) <= len(model) + 1 else own[-len(model) :])
    return " ".join(words[-min(len(model), len(words)) :]) if len(words) <= 2 or len(words) > len(model) else words[-1]


def _cut(last: str, first: str) -> str:
    """Without what belongs to both: "standing [on the grass]"."""
    if not _OPENS.match(last) and not re.search(rf"\b{_PREPOSITION}\b", first):
        return _SHARED.sub("", last)
    if _ARTICLE.match(last) and not re.search(rf"\b{_PREPOSITION}\b", first):
        return _SHARED.sub("", last)
    return last


def _trimmed(choice: str, last: str) -> str:
    """Without its article, and without a preposition or verb that the last one lacks: "in summer or winter"."""
    choice = choice.strip(" ,")
    if not _OPENS.match(last):
        choice = re.sub(rf"^{_PREPOSITION} ", "", choice)
    if not _VERB.match(last):
        choice = _VERB.sub("", choice)
    return _ARTICLE.sub("", choice)
