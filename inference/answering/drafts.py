"""Where a training request goes. Answering may not know of training, so the roof says at the start what makes a draft run."""

from typing import Any, Protocol

from inference.models import Turn
from webapp.live.errors import UserError

NO_TRAINING = UserError(
    "no_training",
    "This server has no training, so no run was drafted.",
    "Install the training part, or ask about a photo.",
    503,
)


class Maker(Protocol):
    def __call__(self, turn: Turn, spec: dict[str, Any], why: dict[str, str]) -> str:
        """The address of the draft's page. `why` has the words behind each named field. The same turn gets the same draft.
        Raises UserError."""


_makers: list[Maker] = []


def wire(maker: Maker) -> None:
    _makers[:] = [maker]


def make(turn: Turn, spec: dict[str, Any], why: dict[str, str]) -> str:
    if not _makers:
        raise NO_TRAINING
    return _makers[0](turn, spec, why)
