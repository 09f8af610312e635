"""Rows of each kind of data, made at a moment."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Model

from devices.models import AgentRollout, EnrolCode, NodeEvent, Reading, Sample
from devices.telemetry import history
from federation.models import Round, Run
from federation.runs import run_artifacts
from inference.batches.models import Batch, Item
from inference.calls.tables import DayUse, ModelCall
from inference.model_jobs import lifecycle as model_job_lifecycle
from inference.model_jobs.tables import ModelJob
from inference.models import Photo, Step, Thumbnail, Turn
from inference.photos import store
from inference.watches.models import Event, Watch
from tests.conftest import draw_photo
from webapp.accounts.models import AuditEntry, User
from webapp.chat.models import Conversation, Share
from webapp.notices.models import Notice
from webapp.ops.retention import models


def conversation(owner: User, at: datetime, **fields: Any) -> Conversation:
    row = Conversation.objects.create(owner=owner, **fields)
    Conversation.objects.filter(pk=row.pk).update(updated=at, created=at)
    turn = Turn.objects.create(conversation=row.pk, owner=owner, question="?", state="answered")
    Step.objects.create(turn=turn, number=1, task="classify")
    return row


def batch(owner: User, at: datetime, state: str = "done") -> Batch:
    row = Batch.objects.create(owner=owner, question="?", plan={}, policy="best", state=state)
    Batch.objects.filter(pk=row.pk).update(created=at, finished=at)
    turn = Turn.objects.create(conversation=row.pk, owner=owner, question="?", state="answered", background=True)
    Item.objects.create(batch=row, number=1, photo_bytes=1, turn=turn)
    return row


def run(owner: User, at: datetime, state: str = "failed") -> Run:
    row = Run.objects.create(owner=owner, spec={}, state=state, finished=at)
    Run.objects.filter(pk=row.pk).update(created=at)
    Round.objects.create(run=row, number=1)
    folder = run_artifacts.folder(row.pk)
    folder.mkdir(parents=True)
    (folder / "checkpoint").write_text("x")
    return row


def shell_turn(owner: User, at: datetime) -> Turn:
    turn = Turn.objects.create(conversation=uuid.uuid4(), owner=User.objects.shell(), question="?", state="answered")
    Turn.objects.filter(pk=turn.pk).update(created=at)
    return turn


def stored_photo(owner: User, at: datetime, **fields: Any) -> Photo:
    photo = store.store(owner, [draw_photo(Photo.objects.count() + 1)])
    Photo.objects.filter(pk=photo.pk).update(created=at, **fields)
    return photo


def reading(span_s: int) -> Callable[[User, datetime], Model]:
    return lambda owner, at: Reading.objects.create(node="jetson-a", at=at, span_s=span_s, values={"cpu_percent": 1.0})


def model_job(owner: User, at: datetime, state: str = "stopped") -> ModelJob:
    job = ModelJob.objects.create(owner=owner, kind="measure", profile="compact", state=state, finished=at)
    ModelJob.objects.filter(pk=job.pk).update(created=at)
    folder = model_job_lifecycle.folder(job.pk)
    folder.mkdir(parents=True)
    (folder / "samples.jsonl").write_text("{}")
    return job


def created(table: type[Model], at: datetime, field: str = "created", **fields: Any) -> Model:
    row: Model = table._default_manager.create(**fields)
    table._default_manager.filter(pk=row.pk).update(**{field: at})
    return row


# One row of each kind, of any age.
MAKE: dict[str, Callable[[User, datetime], Model]] = {
    "link_samples": lambda owner, at: Sample.objects.create(node="jetson-a", at=at, bytes=1, ms=1.0, source="probe"),
    "readings_heartbeat": reading(history.RAW),
    "readings_minute": reading(history.MINUTE_S),
    "readings_quarter": reading(history.QUARTER_S),
    "readings_day": reading(history.DAY_S),
    "node_events": lambda owner, at: NodeEvent.objects.create(node="jetson-a", at=at, from_state="online", to_state="offline"),
    "agent_rollouts": lambda owner, at: created(
        AgentRollout, at, "begun", digest=uuid.uuid4().hex, version="1", ended=at, stopped_because="jetson-a: It failed."
    ),
    "thumbnails": lambda owner, at: Thumbnail.objects.create(
        photo=Photo.objects.create(owner=owner, width=1, height=1, bytes=1, source_bytes=1, source_format="camera"),
        node="jetson-a",
        jpeg=b"\xff\xd8\xff",
        bytes=3,
        created=at,
    ),
    "watch_events": lambda owner, at: Event.objects.create(node="jetson-a", uid=f"{at:%s}", number=1, kind="raised", at=at),
    "watch_days": lambda owner, at: Watch.objects.create(owner=owner, title="A dog").days.create(day=at.date()),
    "conversations": conversation,
    "batches": batch,
    "command_line": shell_turn,
    "unused_photos": stored_photo,
    "training_runs": run,
    "model_jobs": model_job,
    "model_calls": lambda owner, at: created(ModelCall, at, model="m", purpose="plan", outcome="ok", ms=1.0),
    "use": lambda owner, at: DayUse.objects.create(person=owner, day=at.date()),
    "notices": lambda owner, at: Notice.objects.create(kind="disk.low", key=str(uuid.uuid4()), at=at),
    "audit": lambda owner, at: AuditEntry.objects.create(by="owner", action="opened", kind="photo", name="1", at=at),
    "admin_log": lambda owner, at: created(
        LogEntry, at, "action_time", user=owner, object_repr="a node", action_flag=1, change_message=""
    ),
    "sessions": lambda owner, at: Session.objects.create(session_key=str(uuid.uuid4())[:30], session_data="", expire_date=at),
    "share_links": lambda owner, at: Share.objects.create(
        conversation=conversation(owner, at), hash=str(uuid.uuid4()), expires=at
    ),
    "codes": lambda owner, at: EnrolCode.objects.create(selector="A", verifier="B", tier="edge", expires=at),
    "failed_logins": lambda owner, at: created(AccessAttempt, at, "attempt_time", username="a", failures_since_start=1),
    "retention_runs": lambda owner, at: models.Run.objects.create(started=at),
}
