"""The plan: what the planners make, what is stored and shown, and what an LLM's answer has to be.

Whatever an LLM says passes through `Plan`, so that it can name neither a task nor an argument that does not exist.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Task = Literal["classify", "caption", "vqa", "train"]
TASKS: tuple[Task, ...] = ("classify", "caption", "vqa", "train")
MAX_STEPS = 6
MAX_QUESTION = 300
MAX_WHY = 500
MAX_MODEL = 40
MAX_BEFORE = 99  # photos of a conversation that a step may look back
# "{1}" in a question stands for what step 1 answered; the orchestrator puts the answer there.
PLACEHOLDER = re.compile(r"\{(\d+)\}")


def _printable(value: Any) -> Any:
    """None is empty; what is no printable character (a NUL ends a PostgreSQL row) is a space."""
    if not isinstance(value, str):
        return "" if value is None else value
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())


Text = Annotated[str, BeforeValidator(_printable)]


class PlanStep(BaseModel):
    """One model call. `question` is empty for the tasks that take none; `after` names the steps it has to wait for, and
    "{1}" in the question stands for the answer of step 1. `model` names another classifier than the bundled one: "run 12".
    `before` is 0 for the photo at hand, 1 for the one before it in the conversation, and so on.
    """

    model_config = ConfigDict(extra="forbid")

    id: int = Field(ge=1, le=MAX_STEPS)
    task: Task
    question: Text = Field(default="", max_length=MAX_QUESTION)
    after: list[int] = Field(default_factory=list, max_length=MAX_STEPS)
    model: Text = Field(default="", max_length=MAX_MODEL)
    before: int = Field(default=0, ge=0, le=MAX_BEFORE)

    @model_validator(mode="after")
    def _question_fits_task(self) -> Self:
        if self.task == "vqa" and not self.question:
            raise ValueError(f"step {self.id} is vqa and needs a question")
        if self.task in {"classify", "caption"}:
            self.question = ""  # nothing reads it there; kept, it would seem to have been answered
        if self.model and self.task != "classify":
            raise ValueError(f"step {self.id} is {self.task}, and only classify takes a model")
        return self

    @property
    def filled_from(self) -> list[int]:
        """The steps whose answers the question waits for."""
        return [int(number) for number in PLACEHOLDER.findall(self.question)]


class Plan(BaseModel):
    """At most six steps, numbered 1 to n in order, each waiting for earlier ones only: so there is no circle."""

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
            if any(self.steps[number - 1].task not in {"classify", "vqa"} for number in step.filled_from):
                raise ValueError(f"step {step.id} may use only the answer of a classify or vqa step")
        if len({(step.task, step.question.lower(), step.model, step.before) for step in self.steps}) < len(self.steps):
            raise ValueError("two steps are the same")
        return self

    @property
    def needs_photo(self) -> bool:
        return any(step.task != "train" for step in self.steps)


@dataclass(frozen=True)
class Planned:
    """A plan, who made it ("offline" or "llm"), and what the person should know about that."""

    plan: Plan
    planner: str
    model: str | None
    note: str | None
    ms: float


# Written out, not taken from pydantic: strict structured output wants every property required, and knows no lengths.
JSON_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer", "description": "1, 2, 3 and so on"},
                    "task": {"type": "string", "enum": list(TASKS)},
                    "question": {"type": "string", "description": "for vqa: one short question; otherwise empty"},
                    "after": {"type": "array", "items": {"type": "integer"}, "description": "ids of earlier steps"},
                    "model": {"type": "string", "description": "for classify: a name from models, or empty"},
                    "before": {"type": "integer", "description": "0: the photo at hand, 1: the one before it, …"},
                },
                "required": ["id", "task", "question", "after", "model", "before"],
                "additionalProperties": False,
            },
        },
        "why": {"type": "string", "description": "one sentence"},
    },
    "required": ["steps", "why"],
    "additionalProperties": False,
}
