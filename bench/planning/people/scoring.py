"""Requests as people type them, and what plans for them are worth (README.md)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.planning.scoring import content, takes_question
from inference.engine.tasks import needs_question, question_of
from inference.planning.context import Context
from inference.planning.plan import Planned, PlanStep
from inference.planning.training.tables import Draft

Half = Literal["dev", "test"]
FOLDER = Path(__file__).parent
ALIKE = 0.6  # share of content words that two questions with the same meaning have in common
FIELDS = {
    "devices": "clients",
    "epochs": "local_epochs",
    "secure": "secure_aggregation",
    "deadline_s": "round_deadline_s",
    "split": "partition",
}
IMPLIED = frozenset({"partition", "compression", "noise_multiplier", "clip", "bits"})
OFF = frozenset({"", "none", "false", "off", "0"})


@dataclass(frozen=True)
class ExpectedStep:
    task: str
    question: str
    questions: tuple[tuple[str, ...], ...]  # content words of each wording; none where the task takes no question
    after: tuple[int, ...]
    before: int  # how many photos back
    model: str
    only_if: tuple[int, str] | None  # the step that must have answered so
    fields: dict[str, Any]


@dataclass(frozen=True)
class PeopleRequest:
    id: str
    kind: str
    message: str
    context: Context
    steps: tuple[ExpectedStep, ...]
    acceptable: tuple[tuple[ExpectedStep, ...], ...]
    forbidden: frozenset[str]
    parts: int
    translations: dict[str, str]

    @property
    def trains(self) -> bool:
        return any(step.task == "train" for step in self.steps)


@dataclass(frozen=True)
class PeopleVerdict:
    exact: bool
    acceptable: bool
    forbidden: bool
    dropped: bool


def read(half: Half) -> list[PeopleRequest]:
    lines = (FOLDER / f"{half}.jsonl").read_text().splitlines()
    return [_request(json.loads(line)) for line in lines]


def _request(row: dict[str, Any]) -> PeopleRequest:
    about = row.get("context", {})
    photos = int(about.get("photos", 1))
    earlier = about.get("earlier", [])
    context = Context(
        has_photo=about.get("photo", True) is not False,
        earlier=tuple(question for question, _ in earlier),
        new_photo=bool(about.get("new_photo")),
        answers=tuple(answer for _, answer in earlier),
        models=tuple(run.partition(" (")[0] for run in about.get("runs", [])),
        earlier_photos=photos - 1,
    )
    steps, *others = (
        tuple(one for step in steps for one in _expected(step, photos))
        for steps in (row.get("steps", []), *row.get("acceptable", []))
    )
    return PeopleRequest(row["id"], row["kind"], row["message"], context, steps, tuple(others),
                         frozenset(row.get("forbidden", [])), row["parts"], row.get("translations", {}))  # fmt: skip


def _expected(step: dict[str, Any], photos: int) -> list[ExpectedStep]:
    """One for each photo that is asked about, as plans have them."""
    wordings = [step["question"], *step.get("or", [])] if step.get("question") and takes_question(step["task"]) else []
    condition = step.get("if")
    return [
        ExpectedStep(
            task=step["task"],
            question=step.get("question", ""),
            questions=tuple(content(_as_planned(step["task"], wording)) for wording in wordings),
            after=tuple(step.get("after", [])),
            before=photos - photo,
            model=step.get("model", ""),
            only_if=(condition["step"], str(condition["is"]).lower()) if condition else None,
            fields=step.get("fields", {}),
        )
        for photo in step.get("photos", [photos - step.get("before", 0)])
    ]


def _as_planned(task: str, question: str) -> str:
    """Empty where the task is asked for all that it knows, which plans say without a question."""
    return question if needs_question(task) else question_of(task, question)


def judge(request: PeopleRequest, planned: Planned, draft: Draft | None) -> PeopleVerdict:
    """`draft`: the training run that the message describes, if the plan has a training step."""
    steps = planned.plan.steps
    exact = _same(steps, request.steps, draft)
    acceptable = exact or any(
        _same(steps, other, draft) or _alike(steps, other, draft) for other in (request.steps, *request.acceptable)
    )
    return PeopleVerdict(
        exact=exact,
        acceptable=acceptable,
        forbidden=any(step.task in request.forbidden for step in steps),
        dropped=bool(steps) and len(steps) < request.parts and not planned.remark and not (draft and draft.notes),
    )


def _same(steps: Sequence[PlanStep], expected: Sequence[ExpectedStep], draft: Draft | None) -> bool:
    return len(steps) == len(expected) and all(
        step.task == want.task
        and (step.before, step.model) == (want.before, want.model)
        and (step.only_if and (step.only_if.step, step.only_if.answer.lower())) == want.only_if
        and (set(step.after) == set(want.after) or not step.filled_from)
        and (_fields_match(want.fields, draft) if want.task == "train" else _asks(step, want))
        for step, want in zip(steps, expected, strict=True)
    )


def _asks(step: PlanStep, want: ExpectedStep) -> bool:
    return content(step.question) in (want.questions or ((),))


def _alike(steps: Sequence[PlanStep], expected: Sequence[ExpectedStep], draft: Draft | None) -> bool:
    return len(steps) == len(expected) and all(
        step.task == want.task
        and (not want.questions or any(_overlap(content(step.question), wording) >= ALIKE for wording in want.questions))
        and (want.task != "train" or _fields_match(want.fields, draft))
        for step, want in zip(steps, expected, strict=True)
    )


def _overlap(words: Sequence[str], others: Sequence[str]) -> float:
    return len(set(words) & set(others)) / max(1, len(set(words) | set(others)))


def _fields_match(fields: dict[str, Any], draft: Draft | None) -> bool:
    if draft is None:
        return False
    named = {name: str(field.value).lower() for name, field in draft.named.items()}
    wanted = {FIELDS.get(name, name): value for name, value in fields.items()}
    invented = named.keys() - wanted.keys() - IMPLIED
    wrong = [name for name, value in wanted.items() if not _agrees(name, value, named)]
    return not invented and (not wrong or bool(draft.notes))


def _agrees(name: str, value: Any, named: dict[str, str]) -> bool:
    spoken = named.get(name, "")
    if isinstance(value, bool) or str(value).lower() in ("on", "off"):
        wants = str(value).lower() in ("true", "on")
        return (spoken not in OFF or (name == "privacy" and "noise_multiplier" in named)) == wants
    if name == "compression":
        name, spoken = "bits", named.get("bits", "")
    if isinstance(value, list):
        return sorted(str(item).lower() for item in value) == sorted(part.strip(" '\"[]") for part in spoken.split(","))
    try:
        return float(spoken) == float(value)
    except ValueError:
        return spoken == str(value).lower()
