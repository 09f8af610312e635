"""A plan as the tables of these tests write it: one line for each step, with its question where the task needs one."""

from inference.planning.offline import Context, plan
from inference.planning.plan import Plan

PHOTO = Context(has_photo=True)


def steps_of(planned: Plan) -> list[str]:
    return [f"{step.task} {step.question if step.task != 'classify' else ''}".strip() for step in planned.steps]


def planned(message: str, *earlier: str, new_photo: bool = False) -> list[str]:
    return steps_of(plan(message, Context(True, earlier, new_photo)))
