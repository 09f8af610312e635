"""What is asked of several photos together: which of them, what is different. Each is asked what can be compared. Pure."""

import re

from inference.engine.questions.nouns import is_plural
from inference.engine.tasks.wording import with_article
from inference.planning.context import ParsedStep
from inference.planning.reader import comparisons
from inference.planning.several_photos.names import PHOTO_OR_ONE

_NOUN = rf"{PHOTO_OR_ONE}s?"
_COUNT = r"(?:two|three|four|five|six|\d)"
_OF = rf"(?: of (?:(?:the|these|those|my) )?(?:{_COUNT} )?(?:them|these|those|this photo|{_NOUN}|{_COUNT})?)?"
_WHICH = re.compile(
    rf"^(?:please )?(?:(?:can you )?(?:tell me|say|show me) )?(?:(?:in|on) )?(?:which|what)(?: (?P<noun>{_NOUN}))?{_OF} "
    r"(?P<rest>(?:is|are|was|were|has|have|had|shows?|contains?|looks?|seems?|do|does)\b.*)$"
)
_HAS = re.compile(r"^(?:of|with|about) |^(?=an? )")
_IS = re.compile(r"^(?:is|was|are|were|looks?|seems?) (?P<what>.+)$")
_ONLY_ONE = re.compile(r"\b(?:like|prefer|think|recommend|choose)\b|\b(?:best|nicest|prettiest|favou?rite)\b")
_MORE = re.compile(
    r"^(?:is|are) there (?:more|fewer|less|as many|as much|the same number of) (?P<noun>(?:(?! in )[a-z -])+?)"
    r"(?: (?:in|on) this photo)?(?: (?:than|as)(?: (?:in|on))? this photo)?$"
)
DIFFERENCE = re.compile(
    r"\b(?:differ\w*|compare|comparison|contrast|in common|similar\w*|same|chang(?:e|ed|es)|alike|identical|equal)\b"
)


def request_of_each(question: str) -> tuple[ParsedStep, bool] | None:
    """What each photo is asked, and whether its reader has to compare the answers, as no model can. None for a question that is
    not about several photos together."""
    text = " ".join(question.lower().split()).rstrip(" ?.!")
    if (match := _WHICH.match(text)) and not (match["noun"] is None and text.startswith("what")):
        return _which(f"which photo {match['rest']}")
    if match := _MORE.match(text):
        return ParsedStep("vqa", f"how {'many' if is_plural(match['noun']) else 'much'} {match['noun']} are there"), False
    if DIFFERENCE.search(text):
        of_one = comparisons.of_one_photo(text)
        return ParsedStep("vqa", of_one) if of_one and of_one != text else ParsedStep("caption", ""), True
    if _ONLY_ONE.search(text) and text.startswith("which"):
        return ParsedStep("caption", ""), True
    return None


def _which(text: str) -> tuple[ParsedStep, bool]:
    if _ONLY_ONE.search(text):
        return ParsedStep("caption", ""), True
    if of_one := comparisons.of_one_photo(text):
        return ParsedStep("vqa", of_one), comparisons.is_comparison(text)
    rest = text.removeprefix("which photo ")
    if match := _IS.match(rest):
        what = re.sub(r"^the ", "", match["what"])
        if (thing := _HAS.sub("", what)) != what or what.startswith(("a ", "an ")):
            noun = re.sub(r"^an? ", "", thing)
            return ParsedStep("vqa", f"are there any {noun}" if is_plural(noun) else f"is there {with_article(noun)}"), False
        return ParsedStep("vqa", f"is it {what}"), False
    return ParsedStep("caption", ""), True
