"""The requests of the planning bench with their right plans, and how a plan is compared with one.

A question is right if its content words stand in the same order: "how many dogs?" is "how many dogs are there in this photo?".
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.planning.offline import Context
from inference.planning.plan import Plan, task_names
from inference.planning.rules.training import Draft

FOLDER = Path(__file__).parent / "requests"
_CONTEXT = re.compile(
    r"^(?:\((?P<flag>new photo|no photo)\) *|\(runs: (?P<runs>[^)]*)\) *|\(photos before: (?P<photos>\d+)\) *|\[(?P<earlier>[^\]]*)\] *)"
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
    fields: frozenset[tuple[str, str]] = frozenset()  # of a training run, those the words name
    before: int = 0  # photos back


@dataclass(frozen=True)
class Row:
    kind: str
    message: str
    context: Context
    steps: tuple[tuple[Step, ...], ...]  # for each step every right way to write it


@dataclass(frozen=True)
class Verdict:
    exact: bool
    found: int  # steps planned
    right: int  # steps wanted
    both: int  # steps of both, by task
    arguments: int  # of those, the ones that take an argument
    arguments_right: int
    invented: bool  # a task or a model that does not exist


def rows(name: str) -> list[Row]:
    kind, found = "", []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if line.startswith("##"):
            kind = line[2:].strip()
        elif line.strip():
            found.append(_row(kind, line))
    return found


def _row(kind: str, line: str) -> Row:
    line, _, wanted = line.rpartition(" => ")
    has_photo, new_photo, runs, photos, questions, answers = True, False, "", 0, [], []
    while head := _CONTEXT.match(line):
        line = line[head.end() :]
        has_photo, new_photo = has_photo and head["flag"] != "no photo", new_photo or head["flag"] == "new photo"
        runs, photos = head["runs"] or runs, int(head["photos"] or photos)
        for pair in (head["earlier"] or "").split("|") if head["earlier"] else []:
            question, _, answer = pair.partition(" -> ")
            questions.append(question.strip())
            answers.append(answer.strip())
    named = tuple(run.strip() for run in runs.split(",") if run.strip())
    context = Context(has_photo, tuple(questions), new_photo, answers=tuple(answers), models=named, earlier_photos=photos)
    steps = () if wanted.strip() == "none" else tuple(_ways(step.strip()) for step in wanted.split(";"))
    return Row(kind, line.replace("\\n", "\n"), context, steps)


def _ways(text: str) -> tuple[Step, ...]:
    text, _, waits = text.partition(" <")
    text, _, before = text.partition(" @")
    after = tuple(int(n) for n in waits.split(",")) if waits else ()
    ways = (_step(way if way.split()[0] in task_names() else f"vqa {way}", after) for way in text.split(" / "))
    return tuple(replace(way, before=int(before or 0)) for way in ways)


def _step(text: str, after: tuple[int, ...]) -> Step:
    task, _, rest = text.strip().partition(" ")
    if task == "train":
        return Step(task, "", (), after, _fields(dict(pair.split("=", 1) for pair in rest.split())))
    return Step(task, rest if task == "classify" else "", content(rest) if task == "vqa" else (), after)


def content(question: str) -> tuple[str, ...]:
    """The words that carry a question, in order; singular and plural alike."""
    words = re.findall(r"\{\d\}|[\w']+", _PHOTO.sub(" ", question.lower()))
    kept = [_SPELLED.get(word, word).replace("'s", "").replace("'", "") for word in words if word not in _IDLE]
    return tuple(word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in kept)


def _fields(named: dict[str, str]) -> frozenset[tuple[str, str]]:
    """`privacy` is said by either of its numbers as well."""
    if {"noise_multiplier", "clip"} & set(named):
        named = {name: value for name, value in named.items() if name != "privacy"}
    return frozenset((name, _number(value)) for name, value in named.items())


def _number(value: str) -> str:
    try:
        return f"{float(value):g}"
    except ValueError:
        return value.lower()


def judge(row: Row, plan: Plan, draft: Draft | None) -> Verdict:
    """`draft`: what a training step of the plan comes to."""
    fields = _fields({name: str(said.value) for name, said in draft.named.items()}) if draft else frozenset()
    found = [
        Step(s.task, s.model, content(s.question) if s.task == "vqa" else (), tuple(s.after), fields if s.task == "train" else frozenset(), s.before)
        for s in plan.steps
    ]  # fmt: skip
    exact = len(found) == len(row.steps) and all(step in ways for step, ways in zip(found, row.steps, strict=True))
    both, arguments, correct = _together(found, row.steps)
    invented = any(step.task not in task_names() or (step.model and step.model not in row.context.models) for step in found)
    return Verdict(exact, len(found), len(row.steps), both, arguments, correct, invented)


def _together(found: Sequence[Step], wanted: Sequence[tuple[Step, ...]]) -> tuple[int, int, int]:
    """Steps of the same task, how many of them take an argument, and how many of those have the right one."""
    left, both, arguments, correct = list(found), 0, 0, 0
    for ways in wanted:
        same = [step for step in left if step.task in {way.task for way in ways}]
        if not same:
            continue
        right = [step for step in same if any(_said(step) == _said(way) for way in ways)]
        taken = (right or same)[0]
        left.remove(taken)
        both += 1
        if taken.task != "caption" and (taken.question or taken.model or taken.task == "train"):
            arguments += 1
            correct += bool(right)
    return both, arguments, correct


def _said(step: Step) -> tuple[object, ...]:
    return step.task, step.model, step.question, step.fields, step.before


def overlap(dev: Sequence[Row], test: Sequence[Row]) -> Counter[str]:
    """Messages of both halves that are word for word the same, without case and punctuation, in the same context."""

    def bare(row: Row) -> str:
        return f"{row.context}{' '.join(re.findall(r'[a-z0-9]+', row.message.lower()))}"

    seen = {bare(row) for row in dev}
    return Counter(row.message for row in test if bare(row) in seen)
