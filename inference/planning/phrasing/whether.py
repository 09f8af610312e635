"""Questions with two answers, in the form in which one question asks for both: "tell me the species and if it's flying", "is it
open or is it just ajar". Pure. What is asked stays as it was typed."""

import re

from inference.engine.questions.nouns import is_plural

_WHO = (
    r"(?:it|he|she|they|there|this|that|these|those|any(?:one|body|thing)|some(?:one|body|thing)"
    r"|(?:the|my|our|his|her|their|its|a|an|any) [\w-]+)"
)
_NOUN = r"(?!(?:is|are|was|were)\b)[\w-]+"
_TELLS = r"\b(?:tell|let|say|know|check|see|find out|figure out|describe|name|look|wonder\w*)\b"
_REQUEST = (
    r"(?:tell|say|name|describe|caption|count|read|give|list|show|let|check|identify|classify|what|which|who|where|how|do|don't|please|"
    r"then|otherwise|just|skip|ignore)"
)
# With nothing to be done where it is so, "if" asks whether it is.
_IF_AT_END = re.compile(
    rf"(?P<tells>{_TELLS}[^.?!;\n]{{0,120}}?(?:,| and| or)(?: also)? )if"
    rf"(?P<clause> {_WHO}(?:'s|'re)?(?: (?!{_REQUEST}\b)[\w'-]+){{0,12}}\s*(?:[.?!]|$))",
    re.IGNORECASE,
)
_OR_AGAIN = re.compile(
    r"(?P<start>\b(?:is|are|was|were|see|tell|if|whether)\b[^.?!;\n]{0,120}?),? or (?:is|are|was|were) (?:it|he|she|they|these|those)"
    r" (?:just |only |simply |rather |merely )*(?=[a-z])",
    re.IGNORECASE,
)
_SEEN = re.compile(
    r"^\W*(?:can|could) (?:you|u|we) (?:see|tell)(?: if| whether)? "
    rf"(?P<who>(?:the|my|our|his|her|their) (?:{_NOUN} )?(?P<noun>{_NOUN})) "
    r"(?=\w+ing\b[^.?!;\n]{0,120} or \w+ing\b)",
    re.IGNORECASE,
)
_LOOKED_AT = re.compile(
    r"\b(?:(?:have|take) a (?:good |close |quick )?look at|look at) (?:the|this|my|our) [\w -]{1,40}?,? and (?:then )?(?=[a-z]+)",
    re.IGNORECASE,
)
_ESTIMATED = re.compile(r"\bestimate (?=how (?:many|much)\b)", re.IGNORECASE)
_IF_YOU_CAN = re.compile(r",? if (?:you can|possible|you could)(?=\W*$)", re.IGNORECASE)


def whether(message: str) -> str:
    """The message with such questions as one, and without what only leads up to a request."""
    text = _IF_YOU_CAN.sub("", _ESTIMATED.sub("tell me ", _LOOKED_AT.sub("", message)))
    text = _IF_AT_END.sub(r"\g<tells>whether\g<clause>", text)
    return _SEEN.sub(_asked, _OR_AGAIN.sub(r"\g<start> or ", text))


def _asked(match: re.Match[str]) -> str:
    return f"{'are' if is_plural(match['noun'].lower()) else 'is'} {match['who']} "
