"""Where a training request goes. Answering must not import training, so webapp.chat registers a maker of drafts."""

from typing import Protocol

from inference.answering import planner_usage
from inference.answering.journal import Journal
from inference.models import Turn
from inference.planning import draft_summary
from inference.planning.compose import StepResult
from inference.planning.plan import PlanStep
from inference.planning.training import request
from webapp.live.errors import UserError

NO_TRAINING = UserError(
    "no_training",
    "Training is not installed on this server, so no run was drafted.",
    "Install the training part, or ask about a photo.",
    503,
)


class DraftMaker(Protocol):
    def __call__(self, turn: Turn, spec: dict[str, object], why: dict[str, str]) -> str:
        """The address of the draft's page. `why` has the words behind each named field. Idempotent. Raises UserError."""


_makers: list[DraftMaker] = []


def register_draft_maker(maker: DraftMaker) -> None:
    _makers[:] = [maker]


def make(turn: Turn, spec: dict[str, object], why: dict[str, str]) -> str:
    if not _makers:
        raise NO_TRAINING
    return _makers[0](turn, spec, why)


def of_step(journal: Journal, step: PlanStep) -> StepResult:
    """A training run is never started by a sentence: its words become a draft that a person starts."""
    draft = request.read(journal.turn.question, planner_usage.context_of(journal.turn))
    try:
        address = make(journal.turn, draft.spec(), draft.why())
    except UserError as error:
        journal.draft_failed(step.id, error)
        return StepResult(step.id, step.task, step.question, None, None, False, (), f"{error} {error.next}".strip())
    journal.amended({**journal.turn.plan, "draft": address})
    journal.drafted(step.id)
    return StepResult(step.id, step.task, step.question, draft_summary.sentence(draft), None, True, (), None)
