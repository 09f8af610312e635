"""One message on its way to a client and back: its outcome, and how a lost job is noticed before its deadline."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypedDict

from flwr.app import Message

from devices import dispatch
from devices.contract.protocol import trainer_key


class Measured(TypedDict, total=False):
    """By the node, of one job."""

    down_bytes: int
    up_bytes: int
    down_s: float
    compute_s: float
    up_s: float


@dataclass(frozen=True)
class Served:
    """The outcome of one message; `reply` is missing where the client was late, refused or lost."""

    client: int
    node: str
    state: str  # ok, refused, late or lost
    reason: str
    reply: Message | None
    measured: Measured
    blamed: bool = True  # for a loss: the node is to blame, not Redis


def after(earlier: Served | None, latest: Served) -> Served:
    """Where another node took over, the reason says from which."""
    if earlier is None or latest.state != "ok":
        return latest
    verb = "was asked again" if latest.node == earlier.node else "took over"
    return replace(latest, reason=f"{earlier.reason} {latest.node} {verb}.")


class JobWatch:
    """One job, as seen from the server: what the training worker reports, and whether it is still the process that took the
    job.
    """

    def __init__(self, slug: str, cancelled: Callable[[], bool], on_phase: Callable[[str], None]) -> None:
        self.slug, self._cancelled, self._on_phase = slug, cancelled, on_phase
        self.boot = self.phase = ""
        self.killed = False

    def on_progress(self, report: str) -> None:
        """`report` is "phase:boot id of the worker"."""
        phase, _, self.boot = report.partition(":")
        if phase != self.phase:
            self.phase = phase
            self._on_phase(phase)

    def cancelled(self) -> bool:
        """Raises NodeGone when the worker that took the job is gone or was restarted."""
        if self.boot and not self._same_process():
            self.killed = True
            raise dispatch.NodeGone(self.slug, f"Training on {self.slug} was killed.")
        return self._cancelled()

    def _same_process(self) -> bool:
        boot: bytes | None = dispatch.bulk().get(trainer_key(self.slug))  # type: ignore[assignment]
        return boot is not None and boot.decode() == self.boot
