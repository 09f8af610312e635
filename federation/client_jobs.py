"""One message on its way to a client and back: its outcome, and how a lost job is noticed before its deadline."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypedDict

from flwr.app import Message

from devices import dispatch
from devices.contract.jobs import Train
from devices.contract.protocol import trainer_key
from devices.producer import bulk
from federation.app.messaging import Patience
from federation.node import packing


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
    elsewhere: bool = False  # another node may try within the same exchange


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

    def __init__(
        self, slug: str, cancelled: Callable[[], bool], over: Callable[[], bool], on_phase: Callable[[str], None]
    ) -> None:
        self.slug, self._cancelled, self._over, self._on_phase = slug, cancelled, over, on_phase
        self.boot = self.phase = ""
        self.killed = False

    def on_progress(self, report: str) -> None:
        """`report` is "phase:boot id of the worker"."""
        phase, _, self.boot = report.partition(":")
        if phase != self.phase:
            self.phase = phase
            self._on_phase(phase)

    def cancelled(self) -> bool:
        """Raises NodeGone when the worker that took the job is gone or was restarted, or when nobody waits for it any more."""
        if self.boot and not self._same_process():
            self.killed = True
            raise dispatch.NodeGone(self.slug, f"Training on {self.slug} was killed.")
        if self._over():
            raise dispatch.NodeGone(self.slug, f"{self.slug} had not replied when the others had.")
        return self._cancelled()

    def _same_process(self) -> bool:
        boot: bytes | None = bulk().get(trainer_key(self.slug))  # type: ignore[assignment]
        return boot is not None and boot.decode() == self.boot


class ClientJobs:
    """The jobs of one run. `report` is told node, client, state and reason while a job is under way."""

    def __init__(self, run: int, cancelled: Callable[[], bool], report: Callable[[int, str, str, str], None]) -> None:
        self.run, self.cancelled, self._report = run, cancelled, report

    def serve(self, slug: str, client: int, message: Message, patience: Patience, idle: Patience) -> Served:
        """`idle` ends when other nodes have nothing left to do and can take over."""
        if not patience.seconds:
            return Served(client, slug, "late", "The round ended before its turn.", None, {}, blamed=False)

        def over() -> bool:
            return not patience.seconds or not idle.seconds

        watch = JobWatch(slug, self.cancelled, over, lambda phase: self._report(client, slug, phase, ""))
        try:
            reply, measured = self.call(slug, message, patience.seconds, watch)
            return Served(client, slug, "ok", "", reply, measured)
        except dispatch.NodeGone as error:
            away = isinstance(error, dispatch.RedisAway)
            late = over() and not watch.killed and not away
            elsewhere = late and patience.seconds > 0
            return Served(client, slug, "late" if late else "lost", str(error), None, {}, not away, elsewhere)
        except (dispatch.StageFailed, packing.BadMessage) as error:
            if isinstance(error, dispatch.StageFailed) and error.code == "redis":
                return Served(client, slug, "lost", str(error), None, {}, blamed=False)
            return Served(client, slug, "refused", str(error), None, {})

    def call(self, slug: str, message: Message, seconds: float, watch: JobWatch) -> tuple[Message, Measured]:
        """Raises dispatch.NodeGone, dispatch.StageFailed, dispatch.Cancelled, packing.BadMessage."""
        name = f"train-{secrets.token_hex(8)}"
        try:
            dispatch.put_blob(slug, name, packing.pack(message), int(seconds) + 60)
            job = Train(run=self.run, message=name, reply=f"{name}-reply", deadline_s=seconds)
            trained = dispatch.call(slug, job, seconds, watch.cancelled, watch.on_progress)
            measured: Measured = {
                "down_bytes": trained.down_bytes,
                "up_bytes": trained.up_bytes,
                "down_s": trained.down_s,
                "compute_s": trained.compute_s,
                "up_s": trained.up_s,
            }
            return packing.unpack(dispatch.take_blob(slug, f"{name}-reply")), measured
        finally:
            dispatch.drop_blob(slug, name)


def assign_id(message: Message) -> str:
    """Flower's SuperLink would assign it on receipt."""
    message.metadata.__dict__["_message_id"] = secrets.token_hex(16)
    return str(message.metadata.message_id)
