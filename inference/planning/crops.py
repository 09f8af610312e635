"""Which part of the photo a step looks at: where lines of text stand that an earlier step has read, or a region. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from devices.contract.values import Crop
from inference.engine import tasks
from inference.engine.answer import TextLine
from inference.engine.questions import regions
from inference.engine.tasks.read.meant_lines import says
from inference.engine.tasks.read.requests import SURFACE
from inference.planning.answer_substitution import UnanswerableQuestion
from inference.planning.compose import StepResult
from inference.planning.context import ParsedStep, moved
from inference.planning.plan import MAX_LOOKED_FOR, MAX_STEPS, LookAt

NO_TEXT = "It needs the place of text in the photo, and none was read."
NO_SUCH_TEXT = "It needs the place of “{text}” in the photo, and no line of text that was read says so."
ABOVE, BESIDE = 1.0, 0.35  # of a line's height and width: what stands around it on a sign
LEAST = 0.12  # of the photo's sides
READ = next(task.name for task in tasks.TASKS if task.locates)
_ATTRIBUTE = r"(?:(?:what|which) (?:colou?r|shape|material|pattern)|is|are)"
_THAT_SAYS = re.compile(
    rf"\bthe (?:[\w-]+ )?(?P<thing>{SURFACE}) (?:(?:that|which) (?:says?|reads?)|saying|with) "
    r"(?:(?:the )?(?:words?|text|number) )?[“\"'‘]?(?P<text>[^“”\"‘’?!.,;]+?)[”\"'’]?"
    r"(?: (?:written|printed) on it| on it)?(?=[?!.,;]|$| and (?:what|how|is|are|which|who)\b|"
    r" (?:in|on) (?:this|the) (?:photo|picture|image)\b)",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"(?:[^\sa-z]*[A-Z0-9][^\sa-z]*(?:\s+|$))+")
_READ_FIRST = re.compile(
    rf"\b(?:read|transcribe|what (?:does|do)) (?:me )?the (?:[\w-]+ )?(?P<thing>{SURFACE})\b", re.IGNORECASE
)


def crop_of(look_at: LookAt, results: Mapping[int, StepResult]) -> Crop:
    """Raises UnanswerableQuestion where the text that is meant was not read."""
    if look_at.step is None:
        return regions.crop_of(look_at.region)
    lines = [line for line in results[look_at.step].lines if line.text]
    if not lines:
        raise UnanswerableQuestion(NO_TEXT)
    if look_at.text and not (lines := _saying(look_at.text, lines)):
        raise UnanswerableQuestion(NO_SUCH_TEXT.format(text=look_at.text))
    return _around(lines)


def _saying(text: str, lines: Sequence[TextLine]) -> list[TextLine]:
    """The first line that says it, else the fewest that do so one after the other."""
    for length in range(1, len(lines) + 1):
        for start in range(len(lines) - length + 1):
            if says(text, part := lines[start : start + length]):
                return list(part)
    return []


def _around(lines: Sequence[TextLine]) -> Crop:
    left, right = _span(min(line.left for line in lines), max(line.right for line in lines), BESIDE)
    height = sum(line.bottom - line.top for line in lines) / len(lines)
    top, bottom = min(line.top for line in lines), max(line.bottom for line in lines)
    top, bottom = _span(top, bottom, ABOVE * height / max(bottom - top, 1e-6))
    return Crop(left=left, top=top, right=right, bottom=bottom)


def _span(start: float, end: float, share: float) -> tuple[float, float]:
    """Wider by a share of its length at both ends, within the photo."""
    margin = max(share * (end - start), (LEAST - (end - start)) / 2)
    return round(max(0.0, start - margin), 4), round(min(1.0, end + margin), 4)


def located(steps: Sequence[ParsedStep], message: str) -> tuple[ParsedStep, ...]:
    """Steps about a thing that is known by its text look there alone: "what colour is the label that says PAID?" reads first;
    "read the sign; what colour is it?" has read it."""
    says_so = _THAT_SAYS.search(message)
    if says_so and len(says_so["text"]) <= MAX_LOOKED_FOR:
        capitals = _CAPITALS.match(says_so["text"])  # "the door that says EXIT open": what is written, and what is asked
        return _at_text(steps, says_so["thing"], (capitals[0] if capitals else says_so["text"]).strip())
    if first := _READ_FIRST.search(message):
        return _at_read(steps, first["thing"])
    return tuple(steps)


def _at_text(steps: Sequence[ParsedStep], thing: str, text: str) -> tuple[ParsedStep, ...]:
    meant = [number for number, step in enumerate(steps) if _is_about(step, thing)]
    if not meant or len(steps) >= MAX_STEPS:
        return tuple(steps)
    befores = {steps[number].before for number in meant}
    if len(befores) > 1:
        return tuple(steps)
    reading = ParsedStep(READ, "", before=befores.pop())
    later = [moved(step, 1) for step in steps]
    for number in meant:
        question = _without_text(later[number].question, thing, text)
        after = tuple(sorted({1, *later[number].after}))
        later[number] = replace(later[number], question=question, after=after, look_at=LookAt(step=1, text=text))
    return (reading, *later)


def _at_read(steps: Sequence[ParsedStep], thing: str) -> tuple[ParsedStep, ...]:
    located, reads = list[ParsedStep](), dict[int, int]()  # the step that has read each photo
    for number, step in enumerate(steps, 1):
        if step.task == READ:
            reads.setdefault(step.before, number)
        elif (read := reads.get(step.before)) and _is_about(step, thing):
            step = replace(step, after=tuple(sorted({read, *step.after})), look_at=LookAt(step=read))
        located.append(step)
    return tuple(located)


def _without_text(question: str, thing: str, text: str) -> str:
    """ "what colour is the label that says paid" -> "what colour is the label"."""
    pattern = rf"(\b{re.escape(thing)}) (?:(?:that|which) (?:says?|reads?)|saying|with) .*?{re.escape(text)}[”\"'’]?"
    return re.sub(pattern, r"\1", question, flags=re.IGNORECASE)


def _is_about(step: ParsedStep, thing: str) -> bool:
    """Whether it asks for a property of the thing, which is to be seen where its text stands."""
    asked = re.search(rf"^{_ATTRIBUTE}\b.*\bthe (?:[\w-]+ )?{re.escape(thing.lower())}\b", step.question.lower())
    return step.task == "vqa" and asked is not None and step.look_at is None
