"""Asks the product's own way, in this process: the offline planner, its steps on the engine, one composed sentence.

Placement and nodes are left out: whatever route a step takes, the models are these.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from bench.models.people.judge import Judgement, judge
from bench.models.people.matching import Verdict
from bench.models.people.question_set import Question
from inference.engine import catalogue
from inference.engine.answer import Answer
from inference.engine.codecs import photo_codec
from inference.engine.runner import Vision
from inference.lab.data import photo_sets
from inference.placement import task_choice
from inference.planning.answer_substitution import UnanswerableQuestion, fill
from inference.planning.compose import StepResult, compose
from inference.planning.context import Context
from inference.planning.plan import TRAIN, PlanStep
from inference.planning.planner import OfflinePlanner

RunTask = Callable[[str, Image.Image, str], Answer]
PROFILE = "compact"
BEST_FIRST = (Verdict.RIGHT, Verdict.SENSIBLE, Verdict.DECLINED, Verdict.WRONG)


@dataclass(frozen=True)
class Asked:
    """A question with its answer as a person reads it, the tasks that were run, and what it is worth."""

    question: Question
    answer: str
    tasks: tuple[str, ...]
    judgement: Judgement


def ask_all(vision: Vision, questions: Iterable[Question], root: Path) -> list[Asked]:
    """`root` holds the photo sets. Raises SystemExit with the remedy if a photo is missing."""

    def run(task: str, image: Image.Image, question: str) -> Answer:
        return vision.run_whole(task, image, question or None)

    open_photo = lru_cache(maxsize=4)(_open)
    return [ask(run, question, open_photo(root / question.photo)) for question in questions]


def ask(run: RunTask, question: Question, image: Image.Image) -> Asked:
    planned = OfflinePlanner().plan(question.text, Context(has_photo=True))
    steps = task_choice.best_tasks(planned.plan, catalogue.profile(PROFILE))[0].steps
    if not steps or any(step.task == TRAIN for step in steps):
        return Asked(question, planned.plan.why, (), judge(question, planned.plan.why, refused=True))
    results = _run(run, steps, image)
    answer = compose(question.text, results)
    # Of several sentences each is judged, and the best counts: a person picks the one that answers.
    sentences = [answer] if len(results) == 1 else [compose(question.text, [result]) for result in results]
    judgements = [judge(question, sentence) for sentence in sentences]
    best = min(judgements, key=lambda judgement: BEST_FIRST.index(judgement.verdict))
    return Asked(question, answer, tuple(step.task for step in steps), best)


def _run(run: RunTask, steps: Sequence[PlanStep], image: Image.Image) -> list[StepResult]:
    results: dict[int, StepResult] = {}
    for step in steps:  # each depends on earlier ones only
        try:
            results[step.id] = _answered(step, run, fill(step.question, results), image)
        except UnanswerableQuestion as error:
            results[step.id] = StepResult(step.id, step.task, step.question, None, None, False, (), str(error))
    return list(results.values())


def _answered(step: PlanStep, run: RunTask, question: str, image: Image.Image) -> StepResult:
    answer = run(step.task, image, question)
    facts = answer.text, answer.confidence, answer.sure, tuple(answer.top)
    return StepResult(step.id, step.task, question, *facts, None, lines=answer.lines, absent=answer.absent)


def _open(path: Path) -> Image.Image:
    return photo_codec.decode(photo_sets.require(path).read_bytes())
