"""The plan: what planners return, what is stored and shown, and the schema of a language model's answer.

Every answer of a language model is validated by `Plan`, so it cannot introduce a task or argument that does not exist.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from inference.engine import tasks

# Drafts that a person confirms, of a training run and of a watch; no model looks at a photo.
TRAIN, WATCH = "train", "watch"
DRAFTS = (TRAIN, WATCH)
MAX_STEPS = 6
MAX_QUESTION = 300
MAX_WHY = 500
MAX_MODEL = 40
MAX_ANSWER = 40  # characters of an answer that a step depends on
MAX_BEFORE = 99  # photos of a conversation that a step may look back
# "{1}" in a question stands for what step 1 answered; the orchestrator puts the answer there.
PLACEHOLDER = re.compile(r"\{(\d+)\}")


def task_names() -> tuple[str, ...]:
    """Every task a step may have."""
    return (*tasks.names(), *DRAFTS)


def _listed(name: str) -> str:
    if name not in task_names():
        *others, last = task_names()
        raise ValueError(f"there is no task {name}; choose {', '.join(others)} or {last}")
    return name


def _printable(value: Any) -> Any:
    """None becomes empty, unprintable characters become spaces (PostgreSQL rejects NUL)."""
    if not isinstance(value, str):
        return "" if value is None else value
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())


Task = Annotated[str, AfterValidator(_listed)]
Text = Annotated[str, BeforeValidator(_printable)]


class OnlyIf(BaseModel):
    """What an earlier step must have answered: "yes", "no", or a word of its answer."""

    model_config = ConfigDict(extra="forbid")

    step: int = Field(ge=1, le=MAX_STEPS)
    answer: Text = Field(min_length=1, max_length=MAX_ANSWER)


class PlanStep(BaseModel):
    """One model call. `question` is empty for the tasks that take none; `after` names the steps it has to wait for, and
    "{1}" in the question stands for the answer of step 1. `model` names another classifier than the bundled one: "run 12".
    `before` is 0 for the photo at hand, 1 for the one before it in the conversation, and so on. A step with `only_if` is left
    out where the answer it names is another (inference/planning/conditions.py).
    """

    model_config = ConfigDict(extra="forbid")

    id: int = Field(ge=1, le=MAX_STEPS)
    task: Task
    question: Text = Field(default="", max_length=MAX_QUESTION)
    after: list[int] = Field(default_factory=list, max_length=MAX_STEPS)
    model: Text = Field(default="", max_length=MAX_MODEL)
    before: int = Field(default=0, ge=0, le=MAX_BEFORE)
    only_if: OnlyIf | None = None

    @model_validator(mode="after")
    def _question_fits_task(self) -> Self:
        task = tasks.find(self.task)
        if task and task.needs_question and not self.question:
            raise ValueError(f"step {self.id} is {self.task} and needs a question")
        if task and not task.needs_question and not tasks.question_of(task.name, self.question):
            self.question = ""  # the task ignores it; keeping it would suggest that it was answered
        if self.model and not (task and task.takes_model):
            takers = " and ".join(one.name for one in tasks.TASKS if one.takes_model)
            raise ValueError(f"step {self.id} is {self.task}, and only {takers} takes a model")
        return self

    @property
    def filled_from(self) -> list[int]:
        """Ids of the steps whose answers the question contains as placeholders."""
        return [int(number) for number in PLACEHOLDER.findall(self.question)]


class Plan(BaseModel):
    """At most six steps, numbered 1 to n in order. Steps depend on earlier ones only, so there is no cycle."""

    model_config = ConfigDict(extra="forbid")

    steps: list[PlanStep] = Field(max_length=MAX_STEPS)
    why: Text = Field(min_length=1, max_length=MAX_WHY)

    @model_validator(mode="after")
    def _steps_fit_together(self) -> Self:
        if [step.id for step in self.steps] != list(range(1, len(self.steps) + 1)):
            raise ValueError("the ids of the steps must be 1, 2, 3 and so on, in order")
        for step in self.steps:
            if any(not 1 <= before < step.id for before in step.after):
                raise ValueError(f"step {step.id} may wait only for steps before it")
            if unknown := [number for number in step.filled_from if number not in step.after]:
                raise ValueError(f"step {step.id} uses {{{unknown[0]}}}, so step {unknown[0]} must be in its after")
            if step.only_if and step.only_if.step not in step.after:
                raise ValueError(f"step {step.id} depends on step {step.only_if.step}, which must be in its after")
            nouns = [task.name for task in tasks.TASKS if task.answers_with_noun]
            if any(self.steps[number - 1].task not in nouns for number in step.filled_from):
                raise ValueError(f"step {step.id} may use only the answer of a {' or '.join(nouns)} step")
        if len({(step.task, step.question.lower(), step.model, step.before, str(step.only_if)) for step in self.steps}) < len(
            self.steps
        ):
            raise ValueError("two steps are the same")
        return self

    @property
    def needs_photo(self) -> bool:
        return any(step.task not in DRAFTS for step in self.steps)


@dataclass(frozen=True)
class Planned:
    """A plan, its planner ("offline" or "llm"), and a note for the person if planning deviated from the configuration.
    `remark`: what the answer has to say besides what the steps find, such as which part of the message was left out.
    `asks_system`: a part of the message is about devices, runs or costs, which the planner does not know.
    """

    plan: Plan
    planner: str
    model: str | None
    note: str | None
    ms: float
    remark: str = ""
    asks_system: bool = False


def json_schema() -> dict[str, Any]:
    """The plan for a language model. Written out, not generated by pydantic: strict structured output requires every property
    and does not know lengths of text."""
    step_id = {"type": "integer", "minimum": 1, "maximum": MAX_STEPS}
    questions = " and ".join(task.name for task in tasks.TASKS if task.needs_question)
    optional = " and ".join(task.name for task in tasks.TASKS if task.takes_question and not task.needs_question)
    may = f"; for {optional}: one where a particular thing is looked for" if optional else ""
    models = " and ".join(task.name for task in tasks.TASKS if task.takes_model)
    return {
        "type": "object",
        "properties": {
            "steps": {
                "type": "array",
                "maxItems": MAX_STEPS,
                "items": {
                    "type": "object",
                    "properties": {
                        "id": step_id | {"description": "1, 2, 3 and so on"},
                        "task": {"type": "string", "enum": list(task_names())},
                        "question": {
                            "type": "string",
                            "description": f"for {questions}: one short question{may}; otherwise empty",
                        },
                        "after": {
                            "type": "array",
                            "maxItems": MAX_STEPS,
                            "items": step_id,
                            "description": "ids of earlier steps",
                        },
                        "model": {"type": "string", "description": f"for {models}: a name from models, or empty"},
                        "before": {
                            "type": "integer",
                            "minimum": 0,
                            "maximum": MAX_BEFORE,
                            "description": "0: the photo at hand, 1: the one before it, …",
                        },
                        "only_if": {
                            "type": ["object", "null"],
                            "description": "null, or what an earlier step must have answered",
                            "properties": {"step": step_id, "answer": {"type": "string"}},
                            "required": ["step", "answer"],
                            "additionalProperties": False,
                        },
                    },
                    "required": ["id", "task", "question", "after", "model", "before", "only_if"],
                    "additionalProperties": False,
                },
            },
            "why": {"type": "string", "description": "one sentence"},
        },
        "required": ["steps", "why"],
        "additionalProperties": False,
    }


def unbounded(schema: Any) -> Any:
    """The schema without bounds, which some servers do not know."""
    if isinstance(schema, list):
        return [unbounded(item) for item in schema]
    if isinstance(schema, dict):
        return {name: unbounded(value) for name, value in schema.items() if name not in ("maxItems", "minimum", "maximum")}
    return schema
