"""Substitutes the answer of one step into the question of another: "what colour is the {1}?" → "what colour is the kite?"."""

from collections.abc import Mapping

from inference.engine import tasks
from inference.engine.questions.nouns import plural
from inference.planning.compose import StepResult
from inference.planning.plan import MAX_QUESTION, PLACEHOLDER
from inference.planning.rules.pronouns import noun_in

NO_ANSWER = "It needs the answer to “{question}”, and there is none."
NO_THING = "It needs an object, but the answer to “{question}” was “{text}”."


class UnanswerableQuestion(Exception):
    """A question whose placeholder cannot be filled; the text is a sentence with the reason."""


def fill(question: str, results: Mapping[int, StepResult]) -> str:
    """The question to ask. Raises UnanswerableQuestion if a step it depends on produced no noun."""
    for number in dict.fromkeys(int(digits) for digits in PLACEHOLDER.findall(question)):
        noun = _thing(results[number])
        question = question.replace(f"how many {{{number}}}", f"how many {plural(noun)}").replace(f"{{{number}}}", noun)
    return question[:MAX_QUESTION]


def _thing(result: StepResult) -> str:
    task = tasks.find(result.task)
    question = result.question or (task.phrases.default_question if task else "")
    if result.error is not None or not result.text:
        raise UnanswerableQuestion(NO_ANSWER.format(question=question))
    noun = noun_in(result.text.split(",")[0])
    if not noun:
        raise UnanswerableQuestion(NO_THING.format(question=question, text=result.text))
    return noun
