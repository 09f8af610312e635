"""A long message that tells a story and asks something at some point of it. Pure."""

import re

LEAST_WORDS = 30
_SENTENCE_END = re.compile(r"(?<=[.?!;])\s+")
_ASKS = re.compile(
    r"\?|\b(?:tell me|know|whether|please|could you|can you|want|need|wonder|say|list|describe|count|read|what|which|how many|settle|draft|train)\b",
    re.IGNORECASE,
)


def without_statements(message: str) -> str:
    """The sentences that may ask something; the message itself where it is short, or all or none of them may."""
    if len(message.split()) <= LEAST_WORDS:
        return message
    sentences = _SENTENCE_END.split(message)
    asking = [sentence for sentence in sentences if _ASKS.search(sentence)]
    return " ".join(asking) if asking and len(asking) < len(sentences) else message
