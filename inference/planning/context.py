"""What the offline planner is told, and what it finds."""

from dataclasses import dataclass

from inference.planning.plan import Task


@dataclass(frozen=True)
class Context:
    """What the planner knows besides the question. `earlier`: the conversation's answered questions, oldest first, and
    `answers` what they came to. `new_photo`: the earlier ones were about another photo, so "it" does not mean their dog.
    `models`: the classifiers that may be named besides the bundled one. `earlier_photos`: the conversation's others.
    """

    has_photo: bool
    earlier: tuple[str, ...] = ()
    new_photo: bool = False
    answers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    earlier_photos: int = 0


@dataclass(frozen=True)
class Found:
    task: Task
    question: str
    after: tuple[int, ...] = ()
    model: str = ""
    notes: tuple[str, ...] = ()  # how a follow-up was understood
    before: int = 0  # how many photos back
