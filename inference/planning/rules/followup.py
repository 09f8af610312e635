"""What "and the car?", "this one too", "what colour?" and "the same breed as before?" ask, from the requests before."""

import re
from collections.abc import Sequence

from inference.engine.questions.nouns import is_plural
from inference.planning.rules.pronouns import ADJECTIVE, PriorRequest, noun_in, things
from inference.planning.rules.wording import PHOTO

_THIS = rf"(?:this|that|the new|the next|this new|the other|the second|the latest)(?: (?:one|{PHOTO}))?"
_AGAIN = re.compile(
    rf"^(?:and |now |then |so |(?:what|how) about |(?:the )?same (?:question |thing )?(?:for |with |about |on |here)?|(?:once |one time )?(?:again|more) |(?:try|do) )*"
    rf"(?:(?:(?:for|in|on|with|about) )?(?:{_THIS}|here|it)|again|same|now|(?:it |that )?again|(?:try |do )(?:it |that )?again|once (?:more|again)|one more time|repeat(?: that| it)?|"
    rf"(?:is|are) (?:it|that|they|this) (?:also )?the same (?:in|on|for|with|at) (?:the other|that|this|the previous)(?: (?:one|{PHOTO}))?|another (?:try|time)|(?:the )?same (?:question|again|here|for {_THIS}))"
    rf"(?: (?:too|as well|now|also|again|please))*$"
)
_LOOK_AGAIN = re.compile(
    r"^(?:(?:but |hm+,? |no,? |sorry,? )*(?:are you (?:really |quite |absolutely )?(?:sure|certain)(?: about (?:that|it|this))?|really|sure|is that (?:right|so|true|correct)|that can'?t be(?: right| true)?|"
    r"that(?:'s| is) (?:not right|wrong|not true|impossible)|i (?:doubt (?:it|that)|don't (?:think so|believe (?:it|that|you)))|(?:no way|nope|wrong))[?.!, ]+)"
    r"(?:(?:could|can|would) you |please |just |and |then )*(?:look|check|count|try|take|have|read|see|double-?check|re-?check|go over|inspect)\b"
    r"(?=.*\b(?:again|once more|closer|closely|carefully|another|second|harder|double|re-?check|properly)\b)(?!.*\b(?:what|how many|which|who|is there|are there)\b)",
    re.IGNORECASE,
)
_AGAIN_THERE = re.compile(
    r"^(?:and |now |then |so |(?:what|how) about |(?:the )?same (?:question |thing )?)+(?:(?:in|on|for|with|at|of) )?(?:this|that) (?!is\b|was\b)[a-z]+"
    r"(?: (?:here|too|now|then|please|as well))*$"
)
_DOUBT = re.compile(
    r"^(?:are|r) you (?:really |absolutely |quite |very |100 ?%? )?(?:sure|certain|positive|confident)(?: (?:about|of) (?:that|it|this))?$|^how (?:sure|certain|confident) are you(?: (?:about|of) (?:that|it|this))?$|^(?:really|is that (?:so|right|true|correct))$"
)
_OTHERWISE = re.compile(r"\bor (?:something|anything) else$|\bor (?:other|neither)$")
_DESCRIBE = re.compile(r"^describe ((?:the|its|his|her|their) [\w -]+)$")
_TOO_SHORT = frozenset(("it", "this", "that", "here", "now", "do it", "try it", "this photo", "this one now"))
_PLACE = re.compile(
    r"^(?:and |or |(?:and )?(?:what|how) about )(?P<place>(?:on|in|at|under|behind|next to|to|inside|above) the [\w ]+)$"
)
_AND_NOUN = re.compile(
    rf"^(?:(?:and|or|(?:and )?(?:what|how) (?:about|of)) (?:(?:is|are) )?|(?:is|are) (?=(?:the|his|her|their) ))"
    rf"(?P<noun>(?:(?:the|a|an|any|his|her|its|their|how many) )?{ADJECTIVE}[a-z-]+(?: (?:behind|on|in|next to|under|near|beside|with) (?:it|him|her|them|(?:the|a) [a-z]+))?)$"
)
_NO_NOUN = re.compile(
    rf"^(?:{PHOTO}|left|right|now|then|here|there|again|so|is|are|one|ones|it|this|that|you|me|why|who|what|where|when|how|more|else|"
    r"caption|description|breed|species|describe|classify|identify|safe|open|closed)$"
)
# "what colour?": a request whose thing is left out.
_ATTRIBUTE = re.compile(
    r"^(?:and |but )?(?:(?P<ask>(?:what|which) (?:colou?rs?|size|shape|material|brand|age)|how (?:old|big|tall|large|long|many)|where)|(?:what|which) (?:kind|type|sort|breed|species)(?P<kind>))(?: (?:here|now|this time|in this one|in this photo))?$"
)
_FRAMES = (
    re.compile(r"^(?P<ahead>what colou?r|where|who|how (?:big|old|tall|large|small|long)|what) (?P<be>is|are) (?P<noun>(?:the|that|this|his|her|its|their) [a-z -]+?)(?P<behind>(?: [a-z]+ing)?)$"),
    re.compile(r"^(?P<ahead>how many) (?P<noun>[a-z -]+?)(?P<behind> are there| do you see| can you see)$"),
    re.compile(r"^(?P<be>is|are) (?P<ahead>there) (?P<noun>(?:an?|any|some) [a-z -]+?)(?P<behind>)$"),
    re.compile(r"^(?P<be>is|are) (?P<noun>he|she|they|(?:the|that|this|his|her|its|their) [a-z]+)(?P<behind> [a-z ]+)$"),
    re.compile(r"^(?P<ahead>(?:does|do)) (?P<noun>(?:the|that|this|his|her|its|their) [a-z]+)(?P<behind> [a-z ]+)$"),
)  # fmt: skip
_KIND = r"(?:kind|type|sort|breed|species|race|animal|thing|object|one|dog|cat|bird|fish|flower|plant|car|insect)"
_SAME = re.compile(
    rf"^(?:(?:is|are|was) (?:this|that|it|these|they|he|she)(?: (?:one|here|{PHOTO}))?(?: (?:still|again|also|of))* )?(?:the |a )?same {_KIND}(?: of [a-z]+)?"
    rf"(?: again)?(?: (?:as|like|than) (?:before|earlier|last time|(?:in )?the (?:last|previous|first|other|earlier|old)(?: (?:one|{PHOTO}))?|the one before|(?:in )?my (?:last|first|previous|other) (?:one|{PHOTO})))?(?: again| here| too| in this one| now)*$"
)


def again(text: str) -> bool:
    """Asks the earlier request once more: of a new photo, or of the same."""
    return text not in _TOO_SHORT and bool(_AGAIN.match(text))


def looks_again(text: str) -> bool:
    """Doubts the answer before and wants it looked for once more: "are you sure? Look again at his shoes"."""
    return bool(_LOOK_AGAIN.match(text))


def again_there(text: str) -> bool:
    """The same of what a new photo shows: "and in this room?", "what about that garden?"."""
    return bool(_AGAIN_THERE.match(text))


def doubts(text: str) -> bool:
    """`Are you sure?`, of the answer before."""
    return bool(_DOUBT.match(text))


def elaborates(text: str, requests: Sequence[str]) -> bool:
    """Says a request of the same message once more in other words: "Is it slim, or something else?", "Describe the shape."."""
    if not requests:
        return False
    if _OTHERWISE.search(text):
        return True
    described = _DESCRIBE.match(text)
    return described is not None and any(re.search(rf"\b{re.escape(described[1])}\b", request) for request in requests)


def attribute(text: str) -> str | None:
    """The asking words of "what colour?"; empty where a name is asked for ("what breed?"); None where it is a whole question."""
    match = _ATTRIBUTE.match(text)
    return None if match is None else match["ask"] or ""


def asked_of(ask: str, earlier: Sequence[PriorRequest]) -> str | None:
    """`What colour?` of the thing that was spoken of last."""
    for request in reversed(earlier):
        if nouns := [*things(request.text), *([noun] if (noun := noun_in(request.answer)) and request.names else [])]:
            if ask == "how many":
                return f"how many {nouns[-1]} are there"
            return f"{ask} {'are' if is_plural(nouns[-1]) else 'is'} the {nouns[-1]}"
    return None


def elliptic(text: str) -> str | None:
    """The noun of "and the car?" or "what about the car?", or the place of "and on the left?"."""
    if place := _PLACE.match(text):
        return place["place"]
    if pronoun := re.match(r"^(?:and )?(?:is|are) (?P<noun>he|she|they)$", text):
        return pronoun["noun"]
    match = _AND_NOUN.match(text)
    if match is None:
        return None
    noun = match["noun"].removeprefix("how many ")
    return (
        None
        if any(
            _NO_NOUN.match(word) for word in noun.split()[:1] + noun.split()[-1:] if word not in {"it", "him", "her", "them"}
        )
        else noun
    )


def reuse(noun: str, earlier: Sequence[str]) -> str | None:
    """The latest earlier question asked about another noun or place; None where none has room for it."""
    for question in reversed(earlier):
        if re.match(r"(?:on|in|at|under|behind|next to|to|inside|above) the ", noun):
            replaced, count = re.subn(r" (?:on|in|at|under|behind|next to|to|inside|above) the [\w ]+$", f" {noun}", question)
            if count:
                return replaced
            continue
        for frame in _FRAMES:
            if match := frame.match(question):
                return _refilled(match, noun)
    return None


def _refilled(match: re.Match[str], noun: str) -> str:
    parts = match.groupdict()
    ahead, behind = parts.get("ahead", ""), match["behind"]
    if ahead == "how many":
        return f"how many {_without_article(noun)}{behind}"
    many = noun == "they" or is_plural(noun.split(" ")[-1] if " " not in noun else noun)
    if ahead == "there":
        article = "any" if many else "an" if _without_article(noun)[0] in "aeiou" else "a"
        return f"{'are' if many else 'is'} there {article} {_without_article(noun)}"
    noun_phrase = noun if " " in noun or noun in {"he", "she", "they"} else f"the {noun}"
    if ahead in {"does", "do"}:
        return f"{'do' if many else 'does'} {noun_phrase}{behind}"
    return f"{ahead} {'are' if many else 'is'} {noun_phrase}{behind}".strip()


def same(text: str, earlier: Sequence[PriorRequest]) -> str | None:
    """`Is this the same breed as before?` as a question about what was found before; empty where nothing was, None where it is
    no such question."""
    if not _SAME.match(text):
        return None
    for request in reversed(earlier):
        if request.names and (noun := noun_in(request.answer)):
            return f"is this {'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    return ""


def _without_article(noun: str) -> str:
    return re.sub(r"^(?:the|a|an|any|his|her|its|their) ", "", noun)
