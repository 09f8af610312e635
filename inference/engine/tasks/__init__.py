"""The tasks: one folder and one line in TASKS for each. No torch: web and cloud processes read this list too."""

from inference.engine.tasks import task as _task
from inference.engine.tasks.caption import CAPTION
from inference.engine.tasks.classify import CLASSIFY
from inference.engine.tasks.read import READ
from inference.engine.tasks.task import Task, TaskForPages
from inference.engine.tasks.vqa import VQA

# In the order of loading, of cards and of pages. Read it when it is needed and keep no copy.
TASKS: list[Task] = [CLASSIFY, CAPTION, VQA, READ]
SHARED_TOWER = CLASSIFY.name  # the task whose tower others may use; loaded first


def names() -> tuple[str, ...]:
    return tuple(task.name for task in TASKS)


def find(name: str) -> Task | None:
    return next((task for task in TASKS if task.name == name), None)


def get(name: str) -> Task:
    """Raises KeyError for a task that is not in the list."""
    task = find(name)
    if task is None:
        raise KeyError(name)
    return task


def needs_question(name: str) -> bool:
    task = find(name)
    return task is not None and task.needs_question


def requested(text: str) -> Task | None:
    """The task that takes a text for a request of its own, whatever the planner's other rules say of it."""
    return next((task for task in TASKS if task.request and task.request.search(text)), None)


def question_of(name: str, request: str) -> str:
    """The question in a request, for a task that may have one; else empty."""
    task = find(name)
    return task.question_of(request) if task and task.question_of else ""


def for_pages() -> list[TaskForPages]:
    """Name, label, phrases and metric of every task, as plain JSON for templates and scripts."""
    return [_task.for_pages(task) for task in TASKS]
