"""Input and intermediate result of the offline planner."""

from dataclasses import dataclass, replace

from inference.planning.plan import PLACEHOLDER, LookAt, OnlyIf, Task


@dataclass(frozen=True)
class Context:
    """What the planner knows besides the question. `earlier`: answered questions of the conversation, oldest first, with their
    `answers`. `new_photo`: the earlier questions were about another photo, so "it" does not refer to their objects. `models`:
    classifiers that may be named besides the bundled one. `earlier_photos`: number of photos before the one at hand, in
    the conversation and in the question itself, which has `photos`. `size`: of the photo as stored, in pixels. `certainty`: a
    sentence that says how sure the last answer is. `is_gloss`: the question is English only word by word, in the order of
    another language.
    """

    has_photo: bool
    earlier: tuple[str, ...] = ()
    new_photo: bool = False
    answers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    earlier_photos: int = 0
    size: tuple[int, int] | None = None
    certainty: str = ""
    is_gloss: bool = False
    photos: int = 1


@dataclass(frozen=True)
class ParsedStep:
    task: Task
    question: str
    after: tuple[int, ...] = ()
    model: str = ""
    notes: tuple[str, ...] = ()  # how a follow-up was understood
    before: int = 0  # how many photos back
    only_if: OnlyIf | None = None
    look_at: LookAt | None = None


def moved(step: ParsedStep, offset: int) -> ParsedStep:
    """As it is where `offset` more steps come first."""
    condition = step.only_if and step.only_if.model_copy(update={"step": step.only_if.step + offset})
    look_at = step.look_at
    if look_at and look_at.step is not None:
        look_at = look_at.model_copy(update={"step": look_at.step + offset})
    question = PLACEHOLDER.sub(lambda match: f"{{{int(match[1]) + offset}}}", step.question)
    return replace(step, after=tuple(n + offset for n in step.after), only_if=condition, look_at=look_at, question=question)
