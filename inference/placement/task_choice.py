"""Which model answers a question: by what its card says that it knows, or measured better at. Pure.

A classifier that a training run made is asked about its own classes; of the bundled classifier and question model the table of
the profile says which knew that kind of question better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.engine.catalogue import Profile
from inference.engine.questions import choice_table, kinds, label_tree, naming
from inference.engine.questions.choice_table import CLASSIFIER, QUESTIONS
from inference.engine.questions.kinds import Kind
from inference.planning.plan import Plan, PlanStep

CHANGED = "“{question}” is asked of the {better}, which knew this kind of thing better when it was measured."
LEARNT = "“{question}” is asked of {run}, which was trained to tell {classes} apart{accuracy}."
MODELS = {CLASSIFIER: "classifier", QUESTIONS: "question model"}


@dataclass(frozen=True)
class Learnt:
    """A classifier that a training run made, as its card has it. `accuracy`: a share, where it was measured."""

    name: str  # "run 12"
    classes: tuple[str, ...]
    accuracy: float | None = None


def best_tasks(plan: Plan, profile: Profile, learnt: Sequence[Learnt] = ()) -> tuple[Plan, list[str]]:
    """The plan with each question given to the better model, and a sentence for each that changed. `learnt`: the person's own
    classifiers, the newest last."""
    steps, sentences = [], []
    for step in plan.steps:
        if (run := _specialist(step, learnt)) is not None:
            sentences.append(_reason(step, run))
            steps.append(step.model_copy(update={"task": CLASSIFIER, "model": run.name, "question": ""}))
            continue
        better = _better(step, profile)
        if better is not None and not _twice(plan, step, better):
            sentences.append(CHANGED.format(question=step.question, better=MODELS[better]))
            step = step.model_copy(update={"task": better})
        steps.append(step)
    return plan.model_copy(update={"steps": steps}), sentences


def _specialist(step: PlanStep, learnt: Sequence[Learnt]) -> Learnt | None:
    """The best classifier of the person's own that has every thing a question chooses between, where it does."""
    if step.task not in (CLASSIFIER, QUESTIONS) or step.model or step.filled_from or step.look_at:
        return None
    choices = {plain(choice) for choice in kinds.read(step.question).alternatives} if step.question else set()
    if len(choices) < 2:
        return None
    knowing = [run for run in learnt if choices <= set(map(plain, run.classes))]
    return max(knowing, key=lambda run: (run.accuracy or 0.0, -len(run.classes)), default=None)


def _reason(step: PlanStep, run: Learnt) -> str:
    classes = f"{', '.join(run.classes[:-1])} and {run.classes[-1]}"
    accuracy = f" (accuracy {run.accuracy:.2f})" if run.accuracy is not None else ""
    return LEARNT.format(question=step.question, run=run.name, classes=classes, accuracy=accuracy)


def plain(name: str) -> str:
    """What is compared of the name of a class."""
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def _better(step: PlanStep, profile: Profile) -> str | None:
    """The other task, where that is better; a question that still waits for another answer stays where it is."""
    if step.task not in (CLASSIFIER, QUESTIONS) or not step.question or step.model or step.filled_from or step.look_at:
        return None
    task = best_task(step.question, profile)
    return task if task != step.task else None


def best_task(question: str, profile: Profile) -> str | None:
    """Of the classifier and the question model; None where only one of them can answer, or is there."""
    if CLASSIFIER not in profile.tasks or QUESTIONS not in profile.tasks:
        return None
    reading, tree, table = kinds.read(question), label_tree.names(), choice_table.of(profile)
    kind = naming.answerable(reading, tree)
    if kind is None:
        return None
    return table.names(kind) if reading.kind is Kind.NAME else table.chooses(kind)


def _twice(plan: Plan, step: PlanStep, task: str) -> bool:
    return any((s.task, s.question, s.before) == (task, step.question, step.before) for s in plan.steps)
