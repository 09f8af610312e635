"""Where requests go that become drafts, of runs and of watches. Answering imports neither, so their makers are registered."""

from dataclasses import dataclass
from typing import Protocol

from inference.answering import planner_usage
from inference.answering.journal import Journal
from inference.models import Turn
from inference.planning import draft_summary, watch_request
from inference.planning.compose import WATCH_DRAFTED, StepResult
from inference.planning.languages import multilingual
from inference.planning.plan import WATCH, PlanStep
from inference.planning.training import request as training_request
from inference.planning.watch_request import WatchRequest
from webapp.live.errors import UserError

NO_TRAINING = UserError(
    "no_training",
    "Training is not installed on this server, so no run was drafted.",
    "Install the training part, or ask about a photo.",
    503,
)


NO_WATCH = UserError(
    "no_watch",
    "The message does not say what to watch for.",
    "Write, for example: tell me when a dog is in the yard on camera porch.",
    422,
)


class DraftMaker(Protocol):
    def __call__(self, turn: Turn, spec: dict[str, object], why: dict[str, str]) -> str:
        """The address of the draft's page. `why` has the words behind each named field. Idempotent. Raises UserError."""


_makers: list[DraftMaker] = []


def register_draft_maker(maker: DraftMaker) -> None:
    _makers[:] = [maker]


@dataclass(frozen=True)
class WatchDraft:
    """`address` of its page, and what it is to watch where."""

    address: str
    thing: str
    camera: str
    node: str


class WatchMaker(Protocol):
    def __call__(self, turn: Turn, request: WatchRequest) -> WatchDraft:
        """Idempotent. Raises UserError."""


_watch_makers: list[WatchMaker] = []


def register_watch_maker(maker: WatchMaker) -> None:
    _watch_makers[:] = [maker]


def make(turn: Turn, spec: dict[str, object], why: dict[str, str]) -> str:
    if not _makers:
        raise NO_TRAINING
    return _makers[0](turn, spec, why)


def of_step(journal: Journal, step: PlanStep) -> StepResult:
    """Nothing is started by a sentence: its words become a draft that a person starts."""
    return _watch(journal, step) if step.task == WATCH else _training_run(journal, step)


def _watch(journal: Journal, step: PlanStep) -> StepResult:
    request = watch_request.read(multilingual.plain_english(journal.turn.question))
    try:
        if request is None or not request.says_what or not _watch_makers:
            raise NO_WATCH
        draft = _watch_makers[0](journal.turn, request)
    except UserError as error:
        return _failed(journal, step, error)
    return _drafted(journal, step, draft.address, WATCH_DRAFTED.format(thing=draft.thing, camera=draft.camera, node=draft.node))


def _training_run(journal: Journal, step: PlanStep) -> StepResult:
    draft = training_request.read(journal.turn.question, planner_usage.context_of(journal.turn))
    try:
        address = make(journal.turn, draft.spec(), draft.why())
    except UserError as error:
        return _failed(journal, step, error)
    return _drafted(journal, step, address, draft_summary.sentence(draft))


def _failed(journal: Journal, step: PlanStep, error: UserError) -> StepResult:
    journal.step_failed(step.id, error)
    return StepResult(step.id, step.task, step.question, None, None, False, (), f"{error} {error.next}".strip())


def _drafted(journal: Journal, step: PlanStep, address: str, sentence: str) -> StepResult:
    journal.amended({**journal.turn.plan, "draft": address})
    journal.drafted(step.id)
    return StepResult(step.id, step.task, step.question, sentence, None, True, (), None)
