"""Where a training request goes. Answering must not import training, so webapp.chat registers a maker of drafts."""

from typing import Protocol

from inference.models import Turn
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
