"""The server's model, broadcast once a round as a coded difference to the model that clients already have."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from federation.app.compression.entropy import EntropyCode
from federation.app.compression.flat_parameters import Vector


@dataclass(frozen=True)
class CodedUpdate:
    """A round's change of the model as EntropyCode writes it: packed levels, and two numbers for each layer, float32 [2,
    layers].
    """

    round: int
    codes: bytes
    scales: Vector


@dataclass
class Downlink:
    """The server's side. `client_model` is what a client has that received all rounds; it differs from the server's own model
    by the coding error, which the next rounds correct."""

    code: EntropyCode
    client_model: Vector
    sent: list[CodedUpdate] = field(default_factory=list)  # the latest rounds, for clients that missed some

    def advance(self, model: Vector, round_number: int) -> CodedUpdate:
        """Code the difference between `model`, the outcome of this round, and what clients have."""
        codes, scales = self.code.encode(model - self.client_model, self.client_model, error_feedback=True)
        self.client_model = self.client_model + self.code.decode(codes, scales, self.client_model)
        update = CodedUpdate(round_number, codes, scales)
        self.sent = [*self.sent, update][-self._depth() :]
        return update

    def since(self, last_round: int | None) -> list[CodedUpdate] | None:
        """What a client lacks that has the rounds up to `last_round`; None where the whole model is smaller or the only way."""
        if last_round is None:
            return None
        missed = [update for update in self.sent if update.round > last_round]
        newest = self.sent[-1].round if self.sent else 0
        return missed if len(missed) == newest - last_round and len(missed) <= self._depth() else None

    def _depth(self) -> int:
        """So many updates are smaller than the model in 32 bits a value."""
        return max(1, int(32 / self.code.bits) - 1)


def apply(code: EntropyCode, model: Vector, updates: Sequence[CodedUpdate]) -> Vector:
    """A client's side of Downlink: its model after these rounds, bit for bit the server's `client_model`. Raises ValueError
    on a wrong size."""
    for update in updates:
        model = model + code.decode(update.codes, update.scales, model)
    return model
