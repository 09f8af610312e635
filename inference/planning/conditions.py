"""Whether a step that depends on an answer is to be asked: "if there is a dog, what breed is it?". Pure."""

import re
from collections.abc import Mapping

from inference.engine import tasks
from inference.engine.answer import NOTHING
from inference.engine.doubt import Certainty
from inference.engine.tasks.read import meant_lines
from inference.engine.tasks.read.wording import NO_TEXT, NONE_THERE
from inference.planning.compose import StepResult
from inference.planning.plan import OnlyIf, PlanStep

_LEFT_OUT = "{asked} was left out: you wanted it only if the answer to {condition} is “{answer}”, and {but}."
_NONE = frozenset({"", "0", "none", "nothing", "nobody", "no one", NO_TEXT, NONE_THERE, NOTHING})


def unmet(step: PlanStep, results: Mapping[int, StepResult]) -> str | None:
    """Why the step is left out, as a sentence; None where it is to be asked. `results`: of the steps it waits for."""
    if step.only_if is None:
        return None
    earlier = results[step.only_if.step]
    if earlier.left_out:
        but = "that was left out too"
    elif earlier.error is not None:
        but = "there is no answer to that"
    elif earlier.certainty is Certainty.NONE:
        but = "I cannot tell"
    elif _met(step.only_if, earlier):
        return None
    else:
        but = f"it is “{(earlier.text or NOTHING).lower()}”"
    return _LEFT_OUT.format(
        asked=_named(step.task, step.question),
        condition=_named(earlier.task, earlier.question),
        answer=step.only_if.answer,
        but=but,
    )


def _met(wanted: OnlyIf, earlier: StepResult) -> bool:
    answer, text = wanted.answer.lower(), (earlier.text or "").strip().lower()
    if earlier.task == "read" and (said := meant_lines.expected(earlier.question)):  # "does the sign say STOP?"
        text = "yes" if meant_lines.says(said, earlier.lines) else "no"
    if answer not in ("yes", "no"):
        return bool(re.search(rf"\b{re.escape(answer)}\b", text)) and not earlier.absent
    if text in ("yes", "no"):
        return text == answer
    return (text in _NONE or bool(earlier.absent)) == (answer == "no")  # "how many?" and "what does it say?" answer it too


def _named(task: str, question: str) -> str:
    known = tasks.find(task)
    return f"“{question or (known.phrases.default_question if known else task)}”"
