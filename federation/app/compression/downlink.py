"""What the server's model has gained, once a round to every client, in few bits; and what a client makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from federation.app.compression.entropy import EntropyCode
from federation.app.compression.flat_parameters import Vector


@dataclass(frozen=True)
class Coded:
    """A round's gain as EntropyCode made it: packed levels, and two numbers for each layer."""

    round: int
    codes: bytes
    scales: Vector


@dataclass
class Downlink:
    """The server's side. `held` is the model that every client has which heard all rounds; it trails the server's own by what the
    code has lost so far, which comes with the next rounds."""

    code: EntropyCode
    held: Vector
    sent: list[Coded] = field(default_factory=list)  # the latest rounds, for clients that missed some

    def advance(self, model: Vector, round_number: int) -> Coded:
        """Code what `model`, the outcome of this round, has gained on what clients hold."""
        coded = Coded(round_number, *self.code.encode(model - self.held, self.held, fed_back=True))
        self.held = self.held + self.code.decode(coded.codes, coded.scales, self.held)
        self.sent = [*self.sent, coded][-self._remembered() :]
        return coded

    def since(self, last_heard: int | None) -> list[Coded] | None:
        """What a client lacks that heard the rounds up to this one; None where the whole model is shorter, or all that is left."""
        if last_heard is None:
            return None
        missed = [coded for coded in self.sent if coded.round > last_heard]
        newest = self.sent[-1].round if self.sent else 0
        return missed if len(missed) == newest - last_heard and len(missed) <= self._remembered() else None

    def _remembered(self) -> int:
        return max(1, int(32 / self.code.bits) - 1)


def apply(code: EntropyCode, held: Vector, coded: Sequence[Coded]) -> Vector:
    """A client's side of Downlink: the model after these rounds, bit for bit the server's `held`. Raises ValueError on a wrong size."""
    for one in coded:
        held = held + code.decode(one.codes, one.scales, held)
    return held
