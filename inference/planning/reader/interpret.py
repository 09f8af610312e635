"""What the reader's lines come to in a conversation: steps of a plan, and what is to be said besides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from inference.engine import tasks
from inference.engine.questions.nouns import is_plural
from inference.planning.context import Context, ParsedStep
from inference.planning.plan import MAX_ANSWER, TRAIN, OnlyIf
from inference.planning.reader import comparisons
from inference.planning.reader.plan_lines import Line

NO_RUN = "There is no model of run {run}{instead}."
NO_SUCH_PHOTO = "There is no earlier photo in this conversation. Ask about this one, or add another."
ONE_AT_A_TIME = "I look at one photo at a time, so I cannot compare them; this is what each shows."


_COUNT = re.compile(r"how many(?: (?!are\b|is\b|do\b|does\b|has\b|have\b|can\b|in\b|on\b)[\w-]+){1,3}")


@dataclass
class Interpretation:
    """`said`: kinds of plan_lines.SAID, in order."""

    steps: list[ParsedStep] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def interpret(lines: Sequence[Line], message: str, context: Context) -> Interpretation:
    result, numbers = Interpretation(), list[int]()  # of the plan's steps, by the lines'
    for line in lines:
        if line.said:
            result.said.append(line.said)
            continue
        steps = _steps(line, message, context, result.remarks)
        numbers.append(len(result.steps) + len(steps))
        result.steps += [_conditional(step, line, numbers) for step in steps]
    return result


def _conditional(step: ParsedStep, line: Line, numbers: Sequence[int]) -> ParsedStep:
    if (
        line.condition is None
        or not (1 <= line.condition.step < len(numbers))
        or not (number := numbers[line.condition.step - 1])
        or len(line.condition.answer) > MAX_ANSWER  # no answer is so long
    ):
        return step
    return ParsedStep(
        step.task,
        step.question,
        (number,),
        step.model,
        before=step.before,
        only_if=OnlyIf(step=number, answer=line.condition.answer),
    )


def _steps(line: Line, message: str, context: Context, remarks: list[str]) -> list[ParsedStep]:
    if line.task == TRAIN:
        return [ParsedStep(TRAIN, message)]
    model = f"run {line.run}" if line.run else ""
    if model and model not in context.models:
        instead = f"; there is {' and '.join(context.models)}" if context.models else ""
        remarks.append(NO_RUN.format(run=line.run, instead=instead))
        return []
    newest = context.earlier_photos + 1
    back = [newest - photo for photo in line.photos if photo <= newest] or [0]
    if line.photos and len(back) < len(line.photos):
        remarks.append(NO_SUCH_PHOTO)
        if not any(photo <= newest for photo in line.photos):
            return []
    task, question = line.task, line.question.rstrip("? ")
    if len(back) > 1:
        task, question = _of_each(task, question, remarks)
    known = tasks.get(task)
    if known.needs_question and not question:
        return []
    if not known.needs_question and not tasks.question_of(task, question):
        question = ""
    if context.is_gloss and _COUNT.fullmatch(question) and is_plural(question.split()[-1]):
        question = f"{question} are there"
    return [ParsedStep(task, question, model=model if known.takes_model else "", before=before) for before in back]


def _of_each(task: str, question: str, remarks: list[str]) -> tuple[str, str]:
    """What is asked of each photo, so that the answers can be compared."""
    if task != "vqa":
        return task, question
    asked = comparisons.of_one_photo(question)
    if asked is None or comparisons.is_comparison(question):
        remarks.append(ONE_AT_A_TIME)
    return ("caption", "") if asked is None else (task, asked)
