"""Requests that the rules are certain of, so that neither the reader nor a language model has anything to add.

They are the sentences of rules/certain_sentences.py, where the rules make one step, of the task that the table says, and
remark nothing.
"""

from inference.planning.offline import Context, plan_offline
from inference.planning.plan import Planned
from inference.planning.rules import certain_sentences

NOTE = "Planned offline: the rules are certain of this request, so the language model was not asked."


def plan_certain(question: str, context: Context, started: float) -> Planned | None:
    task = certain_sentences.task_of(question)
    if task is None:
        return None
    planned = plan_offline(question, context, NOTE, started)
    alone = [(step.task, step.before, step.after) for step in planned.plan.steps] == [(task, 0, [])]
    return planned if alone and not planned.remark else None
