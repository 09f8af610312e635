"""What a task is: one value that says how it is loaded, asked, measured and put into words. No torch."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypedDict

from inference.engine import agreement
from inference.engine.answer import TextLine
from inference.engine.doubt import Certainty
from inference.engine.model_options import Shape
from inference.engine.tasks.standalone import Standalone

if TYPE_CHECKING:
    import torch

    from inference.engine.catalogue import Profile
    from inference.engine.engines.networks import Networks
    from inference.engine.engines.part import Answering


class Loader(Protocol):
    def __call__(self, profile: "Profile", device: "torch.device", shared: "Networks | None") -> "Networks":
        """Load the task's networks from the profile's folder, on torch. `shared` are those whose tower it uses; None: it brings
        its own. Imports torch inside, so that the list of tasks is cheap to read. Raises ModelsMissing."""


class Making(Protocol):
    def __call__(self, profile: "Profile", networks: "Networks", lender: "Answering | None") -> "Answering":
        """The task on the networks of any engine. `lender`: the classifier whose tower it uses. Raises ModelsMissing."""


class StepAnswer(Protocol):
    """What a sentence is made from: the question as asked, and the answer with its best guesses, best first. `absent`: the
    thing asked about, where it was not seen."""

    @property
    def question(self) -> str: ...
    @property
    def certainty(self) -> Certainty: ...
    @property
    def top(self) -> tuple[tuple[str, float], ...]: ...
    @property
    def lines(self) -> tuple[TextLine, ...]: ...
    @property
    def absent(self) -> str: ...


@dataclass(frozen=True)
class Metric:
    name: str  # as programs write it
    label: str  # as people read it
    percent: bool = True  # a share of right answers; False: a score such as BLEU

    def written(self, value: float) -> str:
        """`value` as a fraction: 0.801 is "80.1 %", a BLEU-4 of 0.1407 is "0.141"."""
        return f"{100 * value:.1f} %" if self.percent else f"{value:.3f}"


@dataclass(frozen=True)
class Phrases:
    """What pages and sentences say. `{question}` stands for the question that was asked."""

    label: str  # of a step, two or three words: "what is it"
    verb: str  # after "I can" and "I could not": "name what is in the photo"
    noun: str  # after "The message asks for": "a description"
    default_question: str  # what it answers when nothing was asked
    planner: str  # one line for the LLM that plans: when to use it, and what `question` has to be


@dataclass(frozen=True, kw_only=True)
class Task:
    """Either `load`, `answering` and `shape`, for a task on a tower, which can be split, or `standalone`, for a model that
    cannot."""

    name: str  # in plans, receipts, cards and folders: never renamed
    load: Loader | None = None
    answering: Making | None = None
    shape: Shape | None = None  # of the tower while no model folder is on this machine
    standalone: Standalone | None = None
    models: Mapping[str, str]  # by profile, the model that serves the task there, as people call it
    metric: Metric
    phrases: Phrases
    sentence: Callable[[str, StepAnswer, bool], str]  # text, step, whether it is the only step -> a sentence for people
    needs_question: bool = False
    question_of: Callable[[str], str] | None = None  # for a task that may have a question: the one in a request, or ""
    shows_guesses: bool = False  # pages list `top`
    highlights: bool = False  # pages offer where the model looked
    locates: bool = False  # the answer has lines with boxes, which a later step may look at
    answers_with_noun: bool = False  # the answer may stand in the question of a later step
    takes_model: bool = False  # a classifier from a training run may serve it instead
    fits: Callable[[str, str], bool] = lambda question, text: True  # whether a text is an answer of the kind that was asked for
    alternatives: Callable[[str], int] = lambda question: 0  # how many answers a question leaves; 0 where it does not say
    agreement: Callable[[str, str], float] = agreement.same_answer  # of two answers about one photo: 1 for the same
    probes: tuple[str, ...] = ()  # questions about any photo, to compare answers by; empty: its default question
    confidence: str = "calibrated on held-out photos"  # what the number is, for people
    request: re.Pattern[str] | None = None  # what the offline planner takes for a request, beside its own rules
    patience: float = 4.0  # how many times the predicted time an answer may take before the node counts as gone

    def __post_init__(self) -> None:
        of_tower = {self.load is not None, self.answering is not None, self.shape is not None}
        if of_tower != {self.standalone is None}:
            raise ValueError(f"task {self.name} needs a tower (load, answering and shape) or a standalone model, and not both")

    @property
    def takes_question(self) -> bool:
        return self.needs_question or self.question_of is not None


class TaskForPages(TypedDict):
    """JSON."""

    name: str
    label: str
    verb: str
    noun: str
    default_question: str
    needs_question: bool
    takes_question: bool
    shows_guesses: bool
    highlights: bool
    takes_model: bool
    confidence: str
    metric: dict[str, str | bool]


def for_pages(task: Task) -> TaskForPages:
    phrases, metric = task.phrases, task.metric
    return {
        "name": task.name,
        "label": phrases.label,
        "verb": phrases.verb,
        "noun": phrases.noun,
        "default_question": phrases.default_question,
        "needs_question": task.needs_question,
        "takes_question": task.takes_question,
        "shows_guesses": task.shows_guesses,
        "highlights": task.highlights,
        "takes_model": task.takes_model,
        "confidence": task.confidence,
        "metric": {"name": metric.name, "label": metric.label, "percent": metric.percent},
    }
