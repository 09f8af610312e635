"""One run from start to end, or from its last completed round: Flower's ServerApp over the grid, each round into the journal."""

import logging
import time
from typing import Any

from devices import dispatch
from federation.app import server_app
from federation.app.errors import RunError
from federation.app.reports import ClientReport, RoundReport
from federation.client_jobs import Served
from federation.grid import CeleryGrid
from federation.runs import label_distribution, run_artifacts
from federation.runs.journal import Journal
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost

log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint"
NO_ROUND = UserError(
    "no_round_counted",
    "In no round did enough clients send an update that could be used.",
    "See the reasons beside the clients; a lower quorum or a longer deadline may help.",
    409,
)


def execute(journal: Journal) -> None:
    """Returns when the run has ended, or when somebody else has it."""
    try:
        Attempt(journal).run()
    except (LeaseLost, dispatch.Cancelled):
        log.info("%s was paused, stopped or taken over", journal.run)
    except UserError as error:
        _fail(journal, error)
    except RunError as error:
        _fail(journal, UserError(error.code, str(error), error.remedy, 409))
    except Exception:
        # Not hidden: logged with its traceback, and the person is told instead of watching a run that never moves.
        log.exception("%s failed", journal.run)
        _fail(journal, UserError("internal", "Something broke while training.", "The cloud worker's log says more.", 500))


def _fail(journal: Journal, error: UserError) -> None:
    try:
        journal.ended("failed", error)
    except LeaseLost:
        log.info("%s was taken over", journal.run)


class Attempt:
    """One process's work on a run."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.spec = RunSpec.model_validate(journal.run.spec)
        self.round = journal.completed() + 1
        self.since = time.monotonic()
        self.grid = CeleryGrid(
            journal.run.pk,
            self.spec.clients,
            self.spec.round_deadline_s,
            cancelled=self.over,
            on_client=self.heard,
            movable=self.spec.dataset != "photos",
        )

    def run(self) -> None:
        journal = self.journal
        if journal.run.holdings is None:
            journal.holds(label_distribution.holdings(self.spec))
        place = run_artifacts.folder(journal.run.pk)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal.phase(f"round {self.round}")
        self.since = time.monotonic()
        try:
            result = server_app.start(self.grid, self.spec.settings(), self.rounded, place / CHECKPOINT, self.over)
        except dispatch.Cancelled:
            if journal.lost.is_set():
                raise
            result = None
        finally:
            self.grid.close()
        if journal.lost.is_set():
            raise LeaseLost
        if result is not None and journal.run.rounds.filter(counted=True).exists():
            journal.phase("keeping the model")
            run_artifacts.keep(journal.run, self.spec, place, result)
        if self.out_of_time():
            journal.ended("stopped", _time_limit(self.spec, journal.completed()))
        elif not journal.run.rounds.filter(counted=True).exists():
            journal.ended("failed", NO_ROUND)
        else:
            journal.ended("done")

    def over(self) -> bool:
        return self.journal.lost.is_set() or self.out_of_time()

    def out_of_time(self) -> bool:
        return self.journal.seconds() > self.spec.wall_clock_s

    def heard(self, client: dict[str, Any]) -> None:
        try:
            self.journal.progressed(self.round, client)
        except LeaseLost:
            log.debug("the lease is lost; the grid notices by itself")

    def rounded(self, report: RoundReport) -> None:
        served, self.grid.served = self.grid.served, {}
        total, self.since = time.monotonic() - self.since, time.monotonic()
        row = {
            "number": report.round,
            "loss": report.loss,
            "accuracy": report.accuracy,
            "epsilon": report.epsilon,
            "seconds": split_of_time(served, total),
            "bytes_up": report.bytes_up,
            "bytes_down": report.bytes_down,
            "counted": not report.why_not_counted,
        }
        self.journal.rounded(row, [client_row(one, served.get(one.partition + 1, [])) for one in report.clients])
        self.round = report.round + 1


def split_of_time(served: dict[int, list[Served]], total: float) -> dict[str, float]:
    """Seconds of a round on the node that was busy longest, whose clients took their turns; the rest was waiting."""
    nodes: dict[str, dict[str, float]] = {}
    for one in (one for rows in served.values() for one in rows):
        busy = nodes.setdefault(one.node, {"compute": 0.0, "uplink": 0.0, "downlink": 0.0})
        for part, name in (("compute", "compute_s"), ("uplink", "up_s"), ("downlink", "down_s")):
            busy[part] += float(one.measured.get(name, 0.0))
    longest = max(nodes.values(), key=lambda busy: sum(busy.values()), default={"compute": 0.0, "uplink": 0.0, "downlink": 0.0})
    parts = {name: round(value, 3) for name, value in longest.items()}
    return {**parts, "waiting": round(max(0.0, total - sum(longest.values())), 3), "total": round(total, 3)}


def client_row(one: ClientReport, served: list[Served]) -> dict[str, Any]:
    """What the strategy says of a client, with the node that served it and the seconds measured there."""
    last = served[-1] if served else None
    measured = {
        name: round(sum(float(each.measured.get(name, 0.0)) for each in served), 3) for name in ("down_s", "compute_s", "up_s")
    }
    state, reason = one.state, one.reason or (last.reason if last else "")
    if last is not None and last.state != "ok" and state != "ok":
        state, reason = last.state, last.reason
    told = {name: getattr(one, name) for name in ("examples", "bytes_up", "bytes_down", "loss", "accuracy")}
    return {
        "node": last.node if last else "",
        "partition": one.partition,
        "state": state,
        "reason": reason[:300],
        "told": {**told, **measured},
    }


def _time_limit(spec: RunSpec, completed: int) -> UserError:
    return UserError(
        "time_limit",
        f"The time limit of {spec.wall_clock_s / 60:.0f} min was reached after round {completed}.",
        "The model of that round is kept. Make a new run with a longer limit.",
        504,
    )
