"""Which task answers a question: the one that the table of the profile says knows better. Pure."""

from inference.engine.catalogue import Profile
from inference.engine.questions import choice_table, kinds, label_tree, naming
from inference.engine.questions.choice_table import CLASSIFIER, QUESTIONS
from inference.engine.questions.kinds import Kind
from inference.planning.plan import Plan, PlanStep

CHANGED = "“{question}” is asked of the {better}, which knew this kind of thing better when it was measured."
MODELS = {CLASSIFIER: "classifier", QUESTIONS: "question model"}


def best_tasks(plan: Plan, profile: Profile) -> tuple[Plan, list[str]]:
    """The plan with each question given to the better task, and a sentence for each that changed."""
    steps, sentences = [], []
    for step in plan.steps:
        better = _better(step, profile)
        if better is not None and not _twice(plan, step, better):
            sentences.append(CHANGED.format(question=step.question, better=MODELS[better]))
            step = step.model_copy(update={"task": better})
        steps.append(step)
    return plan.model_copy(update={"steps": steps}), sentences


def _better(step: PlanStep, profile: Profile) -> str | None:
    """The other task, where that is better; a question that still waits for another answer stays where it is."""
    if step.task not in (CLASSIFIER, QUESTIONS) or not step.question or step.model or step.filled_from:
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
