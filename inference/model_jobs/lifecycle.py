"""The lifecycle of work on models: start, stop, resume, read. The page, the API and the command line use it."""

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from inference.engine import catalogue
from inference.model_jobs import kinds
from inference.model_jobs.tables import LIVE, ModelJob
from webapp.accounts import audit
from webapp.live import groups
from webapp.live.errors import ErrorBody, UserError, not_found
from webapp.live.events import ModelJobState
from webapp.live.moments import iso
from webapp.live.publish import publish

SHOWN = 20
RESUMABLE = ("stopped", "failed")


class JobProgress(TypedDict, total=False):
    done: float
    total: float
    unit: str  # bytes, answers, percent
    what: str


class JobData(TypedDict):
    """A job as pages and scripts get it."""

    id: int
    kind: str
    label: str
    profile: str
    photos: str
    state: str
    seq: int
    progress: JobProgress
    error: ErrorBody | None
    by: str | None
    created: str
    started: str | None
    finished: str | None


def start(owner: Any, kind: str, profile: str, photos: str = "") -> ModelJob:
    """Queue it. Raises UserError; the caller has checked that this person may."""
    wanted = kinds.named(kind)
    if profile not in catalogue.PROFILES:
        raise UserError(
            "unknown_profile", f"There is no profile {profile[:40]!r}.", f"Use one of {', '.join(catalogue.PROFILES)}.", 422
        )
    job = ModelJob(owner=owner, kind=kind, profile=profile, photos=photos if wanted.uses_photos else "")
    _check(job, wanted)
    job.save()
    audit.record(None, f"started {kind}", f"models:{profile}", photos and f"photos: {photos}")
    _announce(job)
    return job


def resume(pk: int) -> ModelJob:
    job = get(pk)
    _check(job, kinds.named(job.kind))
    if not _move(job, RESUMABLE, state="queued", error=None, finished=None, attempt=0):
        raise UserError("not_resumable", f"This is {job.state} already.", "Reload the page to see its state.", 409)
    audit.record(None, f"resumed {job.kind}", f"models:{job.profile}")
    return job


def stop(pk: int) -> ModelJob:
    """What it has done so far stays, and `resume` goes on from there."""
    job = get(pk)
    if _move(job, LIVE, state="stopped", finished=timezone.now(), lease="", lease_until=None):
        audit.record(None, f"stopped {job.kind}", f"models:{job.profile}")
    return job


def fail(job: ModelJob, error: UserError) -> bool:
    """End a job that no process works on."""
    return _move(job, LIVE, state="failed", error=error.body(), finished=timezone.now(), lease="", lease_until=None)


def delete(job: ModelJob) -> None:
    """One that has ended, with what it had done."""
    place = folder(job.pk)
    job.delete()
    shutil.rmtree(place, ignore_errors=True)


def folder(pk: int) -> Path:
    """What it has done so far; few kinds of work have any."""
    return Path(settings.VAR_DIR) / "model_jobs" / str(pk)


def get(pk: int) -> ModelJob:
    job = ModelJob.objects.filter(pk=pk).first()
    if job is None:
        raise not_found("job")
    return job


def latest() -> list[ModelJob]:
    return list(ModelJob.objects.select_related("owner")[:SHOWN])


def as_json(job: ModelJob) -> JobData:
    return {
        "id": job.pk,
        "kind": job.kind,
        "label": kinds.named(job.kind).label,
        "profile": job.profile,
        "photos": job.photos,
        "state": job.state,
        "seq": job.seq,
        "progress": job.progress,
        "error": job.error,
        "by": job.owner.get_username() if job.owner else None,
        "created": iso(job.created),
        "started": iso(job.started) if job.started else None,
        "finished": iso(job.finished) if job.finished else None,
    }


def event(job: ModelJob) -> ModelJobState:
    return ModelJobState(job=dict(as_json(job)))


def _check(job: ModelJob, kind: kinds.Kind) -> None:
    kind.check(job)
    same = ModelJob.objects.filter(kind=job.kind, profile=job.profile, state__in=LIVE).exclude(pk=job.pk)
    if same.exists():
        raise UserError("already_running", "This is under way already.", "Wait for it, or stop it first.", 409)


def _move(job: ModelJob, states: tuple[str, ...], **changes: Any) -> bool:
    moved = ModelJob.objects.filter(pk=job.pk, state__in=states).update(seq=F("seq") + 1, **changes)
    job.refresh_from_db()
    if moved:
        _announce(job)
    return bool(moved)


def _announce(job: ModelJob) -> None:
    publish(groups.models(), event(job))
