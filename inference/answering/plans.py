"""The plan of a question as it is stored: what the planner made, with the models that fit, and what the system knows."""

from textwrap import shorten
from typing import Any
from uuid import UUID

from django.conf import settings

from inference.answering import system_questions, trained_models
from inference.engine import catalogue
from inference.models import Turn
from inference.photos.on_device import folder_photos
from inference.placement import task_choice
from inference.planning.plan import MAX_WHY, Planned, PlanStep


def stored(
    planned: Planned, question: str, owner: int, conversation: UUID, photos: int = 1
) -> tuple[dict[str, Any], list[PlanStep]]:
    """The plan as a turn has it, and its steps. `photos`: how many the question has; not stored where it is one."""
    learnt = trained_models.cards(owner)
    chosen, sentences = task_choice.best_tasks(planned.plan, catalogue.profile(settings.PROFILE), learnt)
    why = shorten(" ".join([chosen.why, *sentences]), MAX_WHY, placeholder=" …")
    about_system = system_questions.answer(question, owner, conversation) if planned.asks_system else ""
    remarks = [planned.remark, about_system if chosen.steps else ""]
    plan = {
        **chosen.model_dump(),
        "why": why if chosen.steps else " ".join(filter(None, [about_system or why, planned.remark])),
        "planner": planned.planner,
        "model": planned.model,
        "note": planned.note,
        "ms": round(planned.ms, 1),
        "remark": " ".join(filter(None, remarks)),
    }
    return plan | ({"photos": photos} if photos > 1 else {}), chosen.steps


def given(turn: Turn) -> list[PlanStep]:
    """The steps of a question whose plan was made before; it has its photo then, where it names one by a file. Raises
    UserError."""
    folder_photos.attach(turn)
    return steps_of(turn.given_plan)


def steps_of(plan: dict[str, Any]) -> list[PlanStep]:
    """Of a stored plan."""
    return [PlanStep.model_validate(step) for step in plan["steps"]]
