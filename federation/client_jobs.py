"""One message on its way to a client and back: what became of it, and how a lost job is noticed before its deadline."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flwr.app import Message

from devices import dispatch
from devices.contract.protocol import trainer_key

Told = dict[str, Any]


@dataclass(frozen=True)
class Served:
    """What became of one message; `reply` is missing where the client was late."""

    client: int
    node: str
    state: str  # ok, refused, late or lost
    reason: str
    reply: Message | None
    measured: Told  # down_bytes, up_bytes, down_s, compute_s, up_s
    blamed: bool = True  # where it is lost: by the node, and not by Redis


def after(before: Served | None, now: Served) -> Served:
    """Where another node took over, the reason says from whom."""
    if before is None or now.state != "ok":
        return now
    return replace(now, reason=f"{before.reason} {now.node} {'was asked again' if now.node == before.node else 'took over'}.")


class Watch:
    """One job, as seen from here: what the lane says it does, and whether it is still the process that took the job."""

    def __init__(self, slug: str, cancelled: Callable[[], bool], on_phase: Callable[[str], None]) -> None:
        self.slug, self._cancelled, self._on_phase = slug, cancelled, on_phase
        self.boot = self.phase = ""
        self.killed = False

    def heard(self, told: str) -> None:
        phase, _, self.boot = told.partition(":")
        if phase != self.phase:
            self.phase = phase
            self._on_phase(phase)

    def cancelled(self) -> bool:
        """Raises NodeGone when the lane that took the job is gone, or was started anew."""
        if self.boot and not self._same():
            self.killed = True
            raise dispatch.NodeGone(self.slug, f"Training on {self.slug} was killed.")
        return self._cancelled()

    def _same(self) -> bool:
        now: bytes | None = dispatch.bulk().get(trainer_key(self.slug))  # type: ignore[assignment]
        return now is not None and now.decode() == self.boot
