"""Questions of the tables, which leave what they ask about as it was typed, with its slips mended."""

import re
from collections.abc import Sequence
from dataclasses import replace

from inference.planning.context import ParsedStep
from inference.planning.plan import DRAFTS
from inference.planning.reader.reader import bundled

_WORD = re.compile(r"(?<![\w'{.@/-])[a-z]{3,}(?![\w'}@/-])")
_QUOTED = re.compile(r"[\"“”‘’']\s*\w[^\"“”]*[\"“”’']")


def spelt(steps: Sequence[ParsedStep], message: str) -> tuple[ParsedStep, ...]:
    """`message` as it was typed: what is a name by its capital letter, or is quoted, stays as it is."""
    names = {word.lower() for word in re.findall(r"(?<=[\w,] )[A-Z]\w+", message) if not message.isupper()}
    names |= {word.lower() for quote in _QUOTED.findall(message) for word in re.findall(r"\w+", quote)}

    def mended(match: re.Match[str]) -> str:
        return match[0] if match[0] in names else bundled().speller.mended(match[0])

    return tuple(step if step.task in DRAFTS else replace(step, question=_WORD.sub(mended, step.question)) for step in steps)
