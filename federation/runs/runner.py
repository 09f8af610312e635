"""Executes one run from its start or its last completed round: Flower's ServerApp over the grid, each round into the
journal.
"""

import logging
import time
from contextlib import ExitStack

from django.db import connection

from devices import dispatch
from devices.contract import log_lines
from federation.app import server_app
from federation.app.errors import RunError
from federation.app.reports import ClientReport, Result, RoundReport
from federation.client_jobs import Served
from federation.grid import CeleryGrid
from federation.runs import label_distribution, lifecycle, run_artifacts
from federation.runs.journal import Journal
from federation.runs.rows import ClientProgress, ClientRow, RoundRow
from federation.runs.spec import RunSpec
from webapp.live import spans
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost
from webapp.live.outages import DATABASE_ERRORS, outage, passes

log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint"
MOST_PHASE = 120  # characters
NO_ROUND = UserError(
    "no_round_counted",
    "No round reached its quorum.",
    "See the reason for each client; a lower quorum or a longer deadline may help.",
    409,
)


def execute(journal: Journal) -> None:
    """Returns when the run has ended or another process has taken it over."""
    with spans.within(lifecycle.trace(journal.run)), log_lines.about(run=str(journal.run.pk)):
        _execute(journal)


def _execute(journal: Journal) -> None:
    try:
        with spans.span("train", {"isthmus.run": journal.run.pk, "isthmus.attempt": journal.run.attempt}, "consumer"):
            Attempt(journal).run()
    except (LeaseLost, dispatch.Cancelled):
        log.info("%s was paused, stopped or taken over", journal.run)
    except UserError as error:
        _fail(journal, error)
    except RunError as error:
        _fail(journal, UserError(error.code, str(error), error.remedy, 409))
    except Exception as error:
        if passes(error):  # when the lease ends, another process resumes after the last stored round
            log.warning("%s is left to another process, as the database is away: %s", journal.run, error)
            journal.lost.set()  # what nodes still compute for it is cancelled
            return
        # Logged with its traceback; the person sees a failed run instead of one that never moves.
        log.exception("%s failed", journal.run)
        unexpected = UserError("internal", "Training failed unexpectedly.", "See the cloud worker log.", 500)
        _fail(journal, outage(error) or unexpected)


def _fail(journal: Journal, error: UserError) -> None:
    try:
        journal.ended("failed", error)
    except LeaseLost:
        log.info("%s was taken over", journal.run)
    except DATABASE_ERRORS as unstored:
        log.warning("%s failed, which could not be stored; another process will try it: %s", journal.run, unstored)


class Attempt:
    """One process's work on a run."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.spec = RunSpec.model_validate(journal.run.spec)
        self.round = journal.completed() + 1
        self.since = time.monotonic()
        self.rounds_done, self.gave_way = 0, False
        self._rounds = ExitStack()  # holds the span of the round under way
        self.grid = CeleryGrid(
            journal.run.pk,
            self.spec.clients,
            self.spec.round_deadline_s,
            cancelled=self.is_over,
            on_client=self.on_client,
            quorum=self.spec.quorum or 1,
            movable=not self.spec.on_devices,
            placed=dict(enumerate(self.spec.nodes, 1)),
            keeps_place=self.spec.secure_aggregation,
            on_prepare=self.on_prepare,
        )

    def run(self) -> None:
        journal = self.journal
        if journal.run.holdings is None or "error" in journal.run.holdings:  # the data may be there by now
            journal.holds(label_distribution.holdings(self.spec))
        place = run_artifacts.folder(journal.run.pk)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal.phase(f"round {self.round}")
        self.since = time.monotonic()
        self._begin_round()
        result: Result | None
        try:
            result = server_app.start(self.grid, self.spec.settings(), self.on_round, place / CHECKPOINT, self.pauses)
        except dispatch.Cancelled:
            if journal.lost.is_set():
                raise
            result = server_app.from_checkpoint(self.spec.settings(), place / CHECKPOINT)
        finally:
            self._rounds.close()
            self.grid.close()
        if journal.lost.is_set():
            raise LeaseLost
        if self.gave_way and not self.out_of_time() and journal.run.rounds.filter(counted=True).count() < self.spec.rounds:
            journal.requeued()
            return
        if result is not None and journal.run.rounds.filter(counted=True).exists():
            journal.phase("saving the model")
            run_artifacts.keep(journal.run, self.spec, place, result)
        if self.out_of_time():
            journal.ended("stopped", _time_limit(self.spec, journal.completed()))
            return
        counted = journal.run.rounds.filter(counted=True).count()
        if not counted:
            journal.ended("failed", NO_ROUND)
        else:
            journal.ended("done", _discarded(self.spec, counted) if counted < self.spec.rounds else None)

    def is_over(self) -> bool:
        return self.journal.lost.is_set() or self.out_of_time()

    def pauses(self) -> bool:
        """Between two rounds: whether this process works no further."""
        self.gave_way = self.gave_way or (self.rounds_done > 0 and self.journal.gives_way())
        return self.gave_way or self.is_over()

    def out_of_time(self) -> bool:
        return self.journal.seconds() > self.spec.wall_clock_s

    def on_prepare(self, slugs: list[str]) -> None:
        self.journal.phase(f"starting training on {', '.join(slugs)}"[:MOST_PHASE])

    def on_client(self, progress: ClientProgress) -> None:
        try:
            self.journal.progressed(self.round, progress)
        except LeaseLost:
            log.debug("lease lost; the grid notices by itself")
        except DATABASE_ERRORS as error:  # the journal stores it later, and a round has what became of its clients
            log.info("progress of %s is not stored yet, as the database is away: %s", self.journal.run, error)
            connection.close()

    def on_round(self, report: RoundReport) -> None:
        served, self.grid.served = self.grid.served, {}
        total, self.since = time.monotonic() - self.since, time.monotonic()
        row: RoundRow = {
            "number": report.round,
            "loss": report.loss,
            "accuracy": report.accuracy,
            "epsilon": report.epsilon,
            "seconds": split_of_time(served, total),
            "bytes_up": report.bytes_up,
            "bytes_down": report.bytes_down,
            "counted": not report.why_not_counted,
        }
        self.journal.rounded(row, [client_row(client, served.get(client.partition + 1, [])) for client in report.clients])
        self.round, self.rounds_done = report.round + 1, self.rounds_done + 1
        self._span.attributes |= _facts(report)
        self._rounds.close()
        if self.journal.run.rounds.filter(counted=True).count() < self.spec.rounds and not self.pauses():
            self._begin_round()

    def _begin_round(self) -> None:
        self._span = self._rounds.enter_context(spans.span(f"round {self.round}"))


def _facts(report: RoundReport) -> spans.Attributes:
    """A round as a trace has it."""
    up, down = report.bytes_up, report.bytes_down
    facts: spans.Attributes = {
        "isthmus.counted": not report.why_not_counted,
        "isthmus.bytes_up": up,
        "isthmus.bytes_down": down,
    }
    return facts | ({} if report.accuracy is None else {"isthmus.accuracy": report.accuracy})


def split_of_time(served: dict[int, list[Served]], total: float) -> dict[str, float]:
    """Seconds of a round on the node that was busy longest, which served its clients in turn; the rest was waiting."""
    nodes: dict[str, dict[str, float]] = {}
    for outcome in (outcome for outcomes in served.values() for outcome in outcomes):
        busy = nodes.setdefault(outcome.node, {"compute": 0.0, "uplink": 0.0, "downlink": 0.0})
        busy["compute"] += outcome.measured.get("compute_s", 0.0)
        busy["uplink"] += outcome.measured.get("up_s", 0.0)
        busy["downlink"] += outcome.measured.get("down_s", 0.0)
    longest = max(nodes.values(), key=lambda busy: sum(busy.values()), default={"compute": 0.0, "uplink": 0.0, "downlink": 0.0})
    parts = {name: round(value, 3) for name, value in longest.items()}
    return {**parts, "waiting": round(max(0.0, total - sum(longest.values())), 3), "total": round(total, 3)}


def client_row(report: ClientReport, served: list[Served]) -> ClientRow:
    """The server's report of a client, with the node that served it and the seconds measured there."""
    last = served[-1] if served else None
    state, reason = report.state, report.reason or (last.reason if last else "")
    if last is not None and last.state != "ok" and state != "ok":
        state, reason = last.state, last.reason
    return {
        "node": last.node if last else "",
        "partition": report.partition,
        "state": state,
        "reason": reason[:300],
        "told": {
            "examples": report.examples,
            "bytes_up": report.bytes_up,
            "bytes_down": report.bytes_down,
            "loss": report.loss,
            "accuracy": report.accuracy,
            "tested": report.tested,
            "skipped": report.skipped,
            "note": report.note[:300],
            "down_s": round(sum(outcome.measured.get("down_s", 0.0) for outcome in served), 3),
            "compute_s": round(sum(outcome.measured.get("compute_s", 0.0) for outcome in served), 3),
            "up_s": round(sum(outcome.measured.get("up_s", 0.0) for outcome in served), 3),
        },
    }


def _discarded(spec: RunSpec, counted: int) -> UserError:
    return UserError(
        "rounds_discarded",
        f"{counted} of {spec.rounds} rounds counted; the others missed their quorum, also when they were repeated.",
        "See the reason for each client. The model is that of the last round that counted.",
        409,
    )


def _time_limit(spec: RunSpec, completed: int) -> UserError:
    return UserError(
        "time_limit",
        f"The time limit of {spec.wall_clock_s / 60:.0f} min was reached after round {completed}.",
        "The model of that round was saved. Create a new run with a longer limit.",
        504,
    )
