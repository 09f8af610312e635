"""Whether the tables of phrasings or the reader understand a message better."""

import re
from collections.abc import Sequence

from inference.planning.context import ParsedStep
from inference.planning.plan import DRAFTS
from inference.planning.reader.reader import bundled
from inference.planning.reader.words import words_of
from inference.planning.replies import NO_REQUEST, NOTHING_ASKED
from inference.planning.rules.limits import METADATA, TWO_PHOTOS
from inference.planning.rules.tables import Outcome

# Probabilities of the reader's plan, chosen on the tuning half of people's requests (docs/planning.md).
LEAST = 0.12  # below it the tables' is taken, if they have one
UNSURE = 0.2  # from which on it is better than a question of the tables that is none, as it was typed
TOLD = 0.45  # from which on it is better to say something than to ask such a question
LIKELY = 0.7  # from which on it is better than that of tables that know every word
CERTAIN = 0.9  # from which on a message is about the system, although the tables refuse it for another reason
STEM = 4  # letters by which a word is known again
GIBBERISH = 0.6  # share of words that nobody knows, from which on
_FRAGMENTS = re.compile(r"^(?:what|how)\b[^,]*, (?!.*\b(?:is|are|do|does)\b)")  # "how many, awake or asleep"
_INSERTED = re.compile(r", (?:who|which|whose|with) [^,]+,")
# More than one clause, no question's order of words, or a question of what the person who asks does.
_NO_CLAUSE = re.compile(
    r", (?!or\b|the\b|.*\bor\b)"
    r"|\b(?:what|which|how|if) (?:is|are|it|he|she|they|we) .*\b(?:what|which|how|where|is it|are they|is there|are there)\b"
    r"|^(?:what|which|where|who|how) (?:it|he|she|they|we|i|there|those|these)\b|\b(?:i|we)\b"
    r"|^(?:what|who) (?:is|are) .* that \w+s\b|\bor (?:is|are|does|do|can|what|which|how|where)\b|\blike (?:it|its)\b"
    r"|\b(?:isn't|hasn't|aren't|doesn't|haven't)\b|^what did\b"
    r"|\b(?:even|anyway|unless|if (?:there|it|they|he|she|the))\b"
)
# What to do about what is seen, or whether that will do, which is no question of whether a thing is there.
_ADVICE = re.compile(
    r"^(?:would|will|should|shall|must|do) (?:i|we) (?:need|wear|bring|take|carry|pack|use)\b(?!.*\b(?:what|which|how)\b)"
    r"|^(?:is|are|does|do|would|will) (?:it|this|that|these|those|he|she|they|i|we|(?:the|my) [\w-]+)"
    r"(?: [\w-]+)* enough (?:for|to)\b"
)
_ASKS = re.compile(r"(?:is|are|was|were|do|does|did|has|have|can|what|which|who|whose|where|how|why|when)\b")
# Words of the reader's own, which name no thing.
_OF_QUESTIONS = frozenset(
    [
        "what",
        "which",
        "there",
        "where",
        "doing",
        "wearing",
        "holding",
        "colour",
        "color",
        "people",
        "person",
        "photo",
        "picture",
        "many",
        "anyone",
        "anybody",
        "text",
        "written",
        "kind",
        "happening",
        "weather",
        "standing",
        "sitting",
        "called",
        "shown",
        "visible",
        "taken",
        "number",
        "have",
        "does",
    ]
)


def is_gibberish(question: str) -> bool:
    """Whether most of its words are none, and are near none: the reader would make something of them all the same."""
    speller = bundled().speller
    words = [word for word in words_of(question) if word.isalpha() and len(word) > 2]
    unknown = sum(not speller.is_known(speller.mended(word)) for word in words)
    return bool(words) and unknown / len(words) > GIBBERISH


def has_gibberish(question: str) -> bool:
    """Whether a sentence of it, of several words, has none that anybody knows as it is typed, and one that is near no other."""
    speller = bundled().speller
    for sentence in re.split(r"[?.!;\n]+", question):
        words = [word for word in words_of(sentence) if word.isalpha() and len(word) > 2]
        is_unknown = len(words) > 1 and not any(map(speller.is_known, words))
        if is_unknown and not all(speller.is_known(speller.mended(word)) for word in words):
            return True
    return False


def tables_are_better(
    tables: Outcome, steps: Sequence[ParsedStep], asks_system: bool, probability: float, invented: bool, is_gloss: bool
) -> bool:
    """Whether the tables' outcome is, where the reader sees these steps with this probability. `invented`: as `invents` says.
    `is_gloss`: the message has English words in the order of another language, which the tables take for questions."""
    if not tables.steps:
        if tables.why == TWO_PHOTOS and len({step.before for step in steps}) > 1 and all(step.question for step in steps):
            return probability < LEAST  # what cannot be compared can be asked of each
        is_unsure = (
            probability < (LEAST if steps and tables.why == NOTHING_ASKED else UNSURE if steps and is_gloss else LIKELY)
            and tables.why != NO_REQUEST
        )
        overrides = asks_system and probability >= CERTAIN and tables.why != METADATA
        return is_unsure or (tables.is_whole and not overrides)
    if len(tables.steps) == 1 and _ADVICE.match(tables.steps[0].question) and len(steps) < 2 and not asks_system:
        return True
    has_condition = probability >= LIKELY and any(step.only_if for step in steps)
    if all(not step.question for step in tables.steps) and (tables.is_whole or not steps) and not asks_system:
        return not has_condition  # tasks by their names
    is_plain = all(map(_is_plain, tables.steps))
    knows = tables.is_whole and not is_gloss and is_plain
    if not steps:
        least = LIKELY if knows or not tables.is_whole or is_gloss else TOLD
    else:
        least = LIKELY if knows or (tables.is_whole and invented) else UNSURE if tables.is_whole else LEAST
    if probability < least:
        return True
    if not knows:
        return False
    # A description of the whole is what the reader makes of a thing that it does not know how to ask about.
    describes = probability < CERTAIN and len(tables.steps) == 1 and [step.task for step in steps] == ["caption"]
    return describes or _tasks(steps) == _tasks(tables.steps)


def invents(steps: Sequence[ParsedStep], texts: Sequence[str]) -> bool:
    """Whether a question speaks of a thing that neither the message nor what came before has named."""
    spoken = {word[:STEM] for text in texts for word in map(bundled().speller.mended, words_of(text))}
    asked = {word for step in steps for word in words_of(step.question) if len(word) > STEM and word.isalpha()}
    return any(word[:STEM] not in spoken and word not in _OF_QUESTIONS for word in asked)


def _is_plain(step: ParsedStep) -> bool:
    """Whether it asks one thing, in the words of a question and in their order."""
    if step.task != "vqa":
        return True
    question = _INSERTED.sub(" ", step.question)
    return is_regular(step) and not (_FRAGMENTS.search(question) or _NO_CLAUSE.search(question))


def is_regular(step: ParsedStep) -> bool:
    """Whether its question is a question: the tables leave what they do not know as it was typed."""
    return step.task in DRAFTS or not step.question or _ASKS.match(step.question) is not None


def _tasks(steps: Sequence[ParsedStep]) -> list[tuple[str, int]]:
    return [(step.task, step.before) for step in steps]
