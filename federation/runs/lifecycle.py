"""The lifecycle of a training run: draft, change, start, pause, stop, resume, read. Pages, the API and chat use it.

The process that works on a run (federation.runs.journal) includes its lease in every write; each function here that ends or
pauses a run revokes the lease, so that this process can write nothing more.
"""

import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from federation import nodes
from federation.models import FINAL, LIVE, ClientReport, Round, Run
from federation.runs import queueing, run_artifacts, spec
from webapp.accounts import audit
from webapp.live import groups, spans
from webapp.live.errors import UserError, not_found
from webapp.live.events import RunState
from webapp.live.moments import iso
from webapp.live.publish import publish
from webapp.notices.tell import Event, tell

STARTABLE = ("draft", "paused", "stopped", "failed")


def all_of(owner: Any) -> QuerySet[Run]:
    return Run.objects.filter(owner=owner)


def own(owner: Any, pk: int) -> Run:
    run = all_of(owner).filter(pk=pk).first()
    if run is None:
        raise not_found("run")
    return run


def draft(owner: Any, values: Mapping[str, Any], why: dict[str, str] | None = None, turn: Any = None) -> Run:
    """Store a specification that a person may still change. The same turn gets the same draft. Raises UserError."""
    accepted = checked(values)
    pk = getattr(turn, "pk", None)
    if pk is not None and (earlier := Run.objects.filter(turn=pk, owner=owner).first()):
        return earlier
    try:
        with transaction.atomic():
            return Run.objects.create(owner=owner, spec=accepted.model_dump(), why=why or {}, turn=pk)
    except IntegrityError:  # two attempts at one turn at once
        return Run.objects.get(turn=pk, owner=owner)


def change(run: Run, values: Mapping[str, Any]) -> None:
    """Another specification for a draft. The label distribution is counted again."""
    accepted = checked(values).model_dump()
    why = {name: words for name, words in run.why.items() if run.spec.get(name) == accepted.get(name)}
    if not _move(run, ("draft",), spec=accepted, why=why, holdings=None):
        raise UserError(
            "already_started", f"Run {run.pk} has already started.", "Create a new run to change its settings.", 409
        )


def checked(values: Mapping[str, Any]) -> spec.RunSpec:
    """Raises UserError with the first field's sentence."""
    accepted, problems = spec.read(values)
    if accepted is None:
        raise UserError("bad_spec", next(iter(problems.values())), "Change that field.", 422)
    return accepted


def start(run: Run) -> None:
    """Queue a draft, or resume a run after its last completed round. Raises UserError when nothing can train."""
    resumed = run.state != "draft"
    accepted = checked(run.spec)
    nodes.check(accepted, resumed)
    queueing.check_room(run.owner)
    changes: dict[str, Any] = {"queued": timezone.now()}
    changes |= {} if resumed else {"spec": nodes.agreed(accepted).model_dump()}
    if not _move(run, STARTABLE, state="queued", error=None, finished=None, attempt=0, phase="", progress=None, **changes):
        raise UserError("not_startable", f"Run {run.pk} is {run.state}.", "Reload the page to see its state.", 409)
    if not resumed:
        Run.objects.filter(pk=run.pk).update(started=timezone.now())
    spans.begins(trace(run), "training run", again=resumed)
    audit.record(None, "resumed" if resumed else "started", f"run:{run.pk}")


def trace(run: Run) -> str:
    """The id of the run's trace. Its number alone would be that of other installations' runs, too."""
    return sha256(f"isthmus run {run.pk} {run.created.isoformat()}".encode()).hexdigest()[:32]


def pause(run: Run) -> None:
    """The current round is discarded; the run resumes after the last completed one."""
    if not _move(run, LIVE, state="paused", **_lease_revoked()):
        raise UserError("not_running", f"Run {run.pk} is not running.", "Reload the page to see its state.", 409)
    audit.record(None, "paused", f"run:{run.pk}")


def stop(run: Run) -> bool:
    """True if it was still running or paused. The model of the last completed round stays."""
    stopped = _move(run, (*LIVE, "paused"), state="stopped", finished=timezone.now(), **_lease_revoked())
    if stopped:
        audit.record(None, "stopped", f"run:{run.pk}")
    return stopped


def fail(run: Run, error: UserError) -> bool:
    """End a run that no process works on, with its reason."""
    with transaction.atomic():
        failed = _move(run, LIVE, state="failed", error=error.body(), finished=timezone.now(), **_lease_revoked())
        if failed:
            tell_end(run)
    return failed


def tell_end(run: Run) -> None:
    """Notify its owner of how a run ended by itself; whoever stops one knows."""
    error = run.error or {}
    values = {
        "run": run.pk,
        "state": run.state,
        "rounds": run.rounds.count(),
        "reason": " ".join(filter(None, (error.get("message"), error.get("next")))),
    }
    kind = "run.failed" if run.state == "failed" else "run.finished"
    # A run may end more than once: it can be resumed after a failure.
    key = f"{kind}:{run.pk}:{run.seq}"
    tell(Event(kind, values, str(run.pk), f"/federation/{run.pk}/", run.owner, key))


def delete(run: Run) -> None:
    if run.state in LIVE:
        raise UserError("still_running", f"Run {run.pk} is still running.", "Stop it first.", 409)
    number, place = run.pk, run_artifacts.folder(run.pk)
    run.delete()
    audit.record(None, "deleted", f"run:{number}")
    shutil.rmtree(place, ignore_errors=True)  # model, cards and checkpoint; a run that never finished a round has none


def _lease_revoked() -> dict[str, Any]:
    return {"lease": "", "lease_until": None, "phase": "", "progress": None}


def _move(run: Run, states: Iterable[str], **changes: Any) -> bool:
    """Leave one of `states`. False when the run is already in another one, which `run` then shows."""
    moved = Run.objects.filter(pk=run.pk, state__in=tuple(states)).update(seq=F("seq") + 1, **changes)
    run.refresh_from_db()
    if moved:
        publish(groups.run(run.pk), state_event(run))
        announce_places()
        run.refresh_from_db()
    return bool(moved)


def announce_places() -> None:
    """After the queue has changed: every waiting run says how many are before it."""
    for run, words in queueing.places():
        if run.phase != words and Run.objects.filter(pk=run.pk, state="queued").update(phase=words, seq=F("seq") + 1):
            run.refresh_from_db()
            publish(groups.run(run.pk), state_event(run))


def state_event(run: Run) -> RunState:
    return RunState(run=as_json(run))


def as_json(run: Run) -> dict[str, Any]:
    """A run without its rounds: a row of the list, and the head of its page."""
    return {
        "run": run.pk,
        "seq": run.seq,
        "state": run.state,
        "phase": run.phase,
        "error": run.error,
        "spec": run.spec,
        "why": run.why,
        "holdings": run.holdings,
        "progress": run.progress,
        "seconds": run.seconds,
        "created": iso(run.created),
        "started": iso(run.started) if run.started else None,
        "finished": iso(run.finished) if run.finished else None,
        "final": run.state in FINAL,
    }


def snapshot(run: Run) -> dict[str, Any]:
    """The run with its rounds: the first frame of the socket, and the JSON download."""
    rows = run.rounds.prefetch_related("clients")
    return {**as_json(run), "rounds": [round_json(row) for row in rows]}


def round_json(row: Round) -> dict[str, Any]:
    return {
        "round": row.number,
        "loss": row.loss,
        "accuracy": row.accuracy,
        "epsilon": row.epsilon,
        "seconds": row.seconds,
        "bytes_up": row.bytes_up,
        "bytes_down": row.bytes_down,
        "counted": row.counted,
        "finished": iso(row.finished),
        "clients": [client_json(client) for client in row.clients.all()],
    }


def client_json(row: ClientReport) -> dict[str, Any]:
    return {"node": row.node, "partition": row.partition, "state": row.state, "reason": row.reason, **row.told}
