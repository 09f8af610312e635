"""The requests of the planning bench with their reference plans, and the comparison of a plan with one.

Questions are equal if their content words are, in order: "how many dogs?" equals "how many dogs are there in this photo?".
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.engine import tasks
from inference.planning.offline import Context
from inference.planning.plan import Plan, task_names
from inference.planning.training.tables import Draft

FOLDER = Path(__file__).parent / "requests"
_CONTEXT = re.compile(
    r"^(?:\((?P<flag>new photo|no photo)\) *|\(runs: (?P<runs>[^)]*)\) *|\(photos before: (?P<photos>\d+)\) "
    r"*|\[(?P<earlier>[^\]]*)\] *)"
)
_PHOTO = re.compile(r"\b(?:in|on|from|of) (?:this|the|my) (?:photo|picture|image|pic|shot)\b")
_IDLE_WORDS = "a an the is are am was were be there any this that do does you see can visible please"
_IDLE = frozenset(_IDLE_WORDS.split())
_SPELLED = {"color": "colour", "colors": "colours", "which": "what", "grey": "gray"}


@dataclass(frozen=True)
class Step:
    task: str
    model: str
    question: tuple[str, ...]  # content words
    after: tuple[int, ...]
    fields: frozenset[tuple[str, str]] = frozenset()  # of a training run, those the message names
    before: int = 0  # how many photos back


@dataclass(frozen=True)
class Request:
    kind: str
    message: str
    context: Context
    steps: tuple[tuple[Step, ...], ...]  # for each step, its accepted variants

    @property
    def trains(self) -> bool:
        return any(variant.task == "train" for variants in self.steps for variant in variants)


@dataclass(frozen=True)
class Verdict:
    exact: bool
    planned: int  # steps
    expected: int  # steps
    matched: int  # planned steps whose task is expected
    arguments: int  # matched steps that take an argument
    correct_arguments: int
    hallucinated: bool  # a task or a model that does not exist


def read_requests(half: str) -> list[Request]:
    kind, requests = "", []
    for line in (FOLDER / f"{half}.txt").read_text().splitlines():
        if line.startswith("##"):
            kind = line[2:].strip()
        elif line.strip():
            requests.append(_request(kind, line))
    return requests


def _request(kind: str, line: str) -> Request:
    line, _, expected = line.rpartition(" => ")
    has_photo, new_photo, runs, photos, questions, answers = True, False, "", 0, [], []
    while head := _CONTEXT.match(line):
        line = line[head.end() :]
        has_photo, new_photo = has_photo and head["flag"] != "no photo", new_photo or head["flag"] == "new photo"
        runs, photos = head["runs"] or runs, int(head["photos"] or photos)
        for pair in (head["earlier"] or "").split("|") if head["earlier"] else []:
            question, _, answer = pair.partition(" -> ")
            questions.append(question.strip())
            answers.append(answer.strip())
    models = tuple(run.strip() for run in runs.split(",") if run.strip())
    context = Context(has_photo, tuple(questions), new_photo, answers=tuple(answers), models=models, earlier_photos=photos)
    steps = () if expected.strip() == "none" else tuple(_variants(step.strip()) for step in expected.split(";"))
    return Request(kind, line.replace("\\n", "\n"), context, steps)


def _variants(text: str) -> tuple[Step, ...]:
    text, _, waits = text.partition(" <")
    text, _, before = text.partition(" @")
    after = tuple(int(n) for n in waits.split(",")) if waits else ()
    variants = (_step(part if part.split()[0] in task_names() else f"vqa {part}", after) for part in text.split(" / "))
    return tuple(replace(variant, before=int(before or 0)) for variant in variants)


def _step(text: str, after: tuple[int, ...]) -> Step:
    task, _, rest = text.strip().partition(" ")
    if task == "train":
        return Step(task, "", (), after, _fields(dict(pair.split("=", 1) for pair in rest.split())))
    if task == "classify":  # what follows it is a model, not a question
        return Step(task, rest, (), after)
    return Step(task, "", content(rest) if takes_question(task) else (), after)


def takes_question(name: str) -> bool:
    task = tasks.find(name)
    return task is not None and task.takes_question


def content(question: str) -> tuple[str, ...]:
    """The content words of a question in order, plurals reduced to singulars."""
    words = re.findall(r"\{\d\}|[\w']+", _PHOTO.sub(" ", question.lower()))
    stems = [_SPELLED.get(word, word).replace("'s", "").replace("'", "") for word in words if word not in _IDLE]
    return tuple(word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in stems)


def _fields(named: dict[str, str]) -> frozenset[tuple[str, str]]:
    """`privacy` is implied by either of its numbers."""
    if {"noise_multiplier", "clip"} & set(named):
        named = {name: value for name, value in named.items() if name != "privacy"}
    return frozenset((name, _number(value)) for name, value in named.items())


def _number(value: str) -> str:
    try:
        return f"{float(value):g}"
    except ValueError:
        return value.lower()


def judge(request: Request, plan: Plan, draft: Draft | None) -> Verdict:
    """`draft`: the training run that the message describes, if the plan has a training step."""
    fields = _fields({name: str(field.value) for name, field in draft.named.items()}) if draft else frozenset()
    asked = {variant.task for variants in request.steps for variant in variants if variant.question}
    steps = [
        Step(
            s.task,
            s.model,
            content(s.question) if s.task in asked or tasks.needs_question(s.task) else (),
            tuple(s.after),
            fields if s.task == "train" else frozenset(),
            s.before,
        )
        for s in plan.steps
    ]
    exact = len(steps) == len(request.steps) and all(
        step in variants for step, variants in zip(steps, request.steps, strict=True)
    )
    matched, arguments, correct = _match(steps, request.steps)
    hallucinated = any(
        step.task not in task_names() or bool(step.model and step.model not in request.context.models) for step in steps
    )
    return Verdict(exact, len(steps), len(request.steps), matched, arguments, correct, hallucinated)


def _match(steps: Sequence[Step], expected: Sequence[tuple[Step, ...]]) -> tuple[int, int, int]:
    """(steps matched by task, those that take an argument, those whose argument is correct)."""
    remaining, matched, arguments, correct = list(steps), 0, 0, 0
    for variants in expected:
        same = [step for step in remaining if step.task in {variant.task for variant in variants}]
        if not same:
            continue
        equal = [step for step in same if any(_content(step) == _content(variant) for variant in variants)]
        step = (equal or same)[0]
        remaining.remove(step)
        matched += 1
        if step.task != "caption" and (step.question or step.model or step.task == "train"):
            arguments += 1
            correct += bool(equal)
    return matched, arguments, correct


def _content(step: Step) -> tuple[object, ...]:
    return step.task, step.model, step.question, step.fields, step.before


def overlap(dev: Sequence[Request], test: Sequence[Request]) -> Counter[str]:
    """Messages in both halves with the same words and context, ignoring case and punctuation."""

    def normalise(request: Request) -> str:
        return f"{request.context}{' '.join(re.findall(r'[a-z0-9]+', request.message.lower()))}"

    seen = {normalise(request) for request in dev}
    return Counter(request.message for request in test if normalise(request) in seen)
