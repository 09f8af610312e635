"""Of each kind, what is older than its period goes; what is younger, or needed by something, stays."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.utils import timezone

from devices import agent_wheel
from devices.models import AgentRollout, EnrolCode, NodeEvent, Reading, Sample
from devices.telemetry import history
from federation.models import Round, Run
from federation.runs import run_artifacts
from inference.batches.models import Batch, Item
from inference.calls.tables import DayUse, ModelCall
from inference.model_jobs import lifecycle as model_job_lifecycle
from inference.model_jobs.tables import ModelJob
from inference.models import Album, Photo, Step, Turn
from inference.photos import store
from inference.watches.models import Event, Watch
from tests.conftest import draw_photo
from webapp.accounts.models import AuditEntry, Invitation, User
from webapp.chat.models import Conversation, Share
from webapp.notices.models import Delivery, Notice
from webapp.ops.retention import models, periods, pruning
from webapp.ops.retention.kinds import KINDS

pytestmark = pytest.mark.django_db
OLD, YOUNG = timedelta(days=70), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _own_folders(settings: LazySettings, tmp_path: Any, redis_url: str) -> None:
    settings.PHOTO_DIR, settings.VAR_DIR = tmp_path / "photos", tmp_path
    settings.PHOTO_DIR.mkdir()


def _conversation(owner: User, at: datetime, **fields: Any) -> Conversation:
    row = Conversation.objects.create(owner=owner, **fields)
    Conversation.objects.filter(pk=row.pk).update(updated=at, created=at)
    turn = Turn.objects.create(conversation=row.pk, owner=owner, question="?", state="answered")
    Step.objects.create(turn=turn, number=1, task="classify")
    return row


def _batch(owner: User, at: datetime, state: str = "done") -> Batch:
    row = Batch.objects.create(owner=owner, question="?", plan={}, policy="best", state=state)
    Batch.objects.filter(pk=row.pk).update(created=at, finished=at)
    turn = Turn.objects.create(conversation=row.pk, owner=owner, question="?", state="answered", background=True)
    Item.objects.create(batch=row, number=1, photo_bytes=1, turn=turn)
    return row


def _run(owner: User, at: datetime, state: str = "failed") -> Run:
    row = Run.objects.create(owner=owner, spec={}, state=state, finished=at)
    Run.objects.filter(pk=row.pk).update(created=at)
    Round.objects.create(run=row, number=1)
    folder = run_artifacts.folder(row.pk)
    folder.mkdir(parents=True)
    (folder / "checkpoint").write_text("x")
    return row


def _shell_turn(owner: User, at: datetime) -> Turn:
    turn = Turn.objects.create(conversation=uuid.uuid4(), owner=User.objects.shell(), question="?", state="answered")
    Turn.objects.filter(pk=turn.pk).update(created=at)
    return turn


def _photo(owner: User, at: datetime, **fields: Any) -> Photo:
    photo = store.store(owner, [draw_photo(Photo.objects.count() + 1)])
    Photo.objects.filter(pk=photo.pk).update(created=at, **fields)
    return photo


def _reading(span_s: int) -> Callable[[User, datetime], Model]:
    return lambda owner, at: Reading.objects.create(node="jetson-a", at=at, span_s=span_s, values={"cpu_percent": 1.0})


def _model_job(owner: User, at: datetime, state: str = "stopped") -> ModelJob:
    job = ModelJob.objects.create(owner=owner, kind="measure", profile="compact", state=state, finished=at)
    ModelJob.objects.filter(pk=job.pk).update(created=at)
    folder = model_job_lifecycle.folder(job.pk)
    folder.mkdir(parents=True)
    (folder / "samples.jsonl").write_text("{}")
    return job


def _created(table: type[Model], at: datetime, field: str = "created", **fields: Any) -> Model:
    row: Model = table._default_manager.create(**fields)
    table._default_manager.filter(pk=row.pk).update(**{field: at})
    return row


# One row of each kind, of any age.
MAKE: dict[str, Callable[[User, datetime], Model]] = {
    "link_samples": lambda owner, at: Sample.objects.create(node="jetson-a", at=at, bytes=1, ms=1.0, source="probe"),
    "readings_heartbeat": _reading(history.RAW),
    "readings_minute": _reading(history.MINUTE_S),
    "readings_quarter": _reading(history.QUARTER_S),
    "readings_day": _reading(history.DAY_S),
    "node_events": lambda owner, at: NodeEvent.objects.create(node="jetson-a", at=at, from_state="online", to_state="offline"),
    "agent_rollouts": lambda owner, at: _created(
        AgentRollout, at, "begun", digest=uuid.uuid4().hex, version="1", ended=at, stopped_because="jetson-a: It failed."
    ),
    "watch_events": lambda owner, at: Event.objects.create(node="jetson-a", uid=f"{at:%s}", number=1, kind="raised", at=at),
    "watch_days": lambda owner, at: Watch.objects.create(owner=owner, title="A dog").days.create(day=at.date()),
    "conversations": _conversation,
    "batches": _batch,
    "command_line": _shell_turn,
    "unused_photos": _photo,
    "training_runs": _run,
    "model_jobs": _model_job,
    "model_calls": lambda owner, at: _created(ModelCall, at, model="m", purpose="plan", outcome="ok", ms=1.0),
    "use": lambda owner, at: DayUse.objects.create(person=owner, day=at.date()),
    "notices": lambda owner, at: Notice.objects.create(kind="disk.low", key=str(uuid.uuid4()), at=at),
    "audit": lambda owner, at: AuditEntry.objects.create(by="owner", action="opened", kind="photo", name="1", at=at),
    "admin_log": lambda owner, at: _created(
        LogEntry, at, "action_time", user=owner, object_repr="a node", action_flag=1, change_message=""
    ),
    "sessions": lambda owner, at: Session.objects.create(session_key=str(uuid.uuid4())[:30], session_data="", expire_date=at),
    "share_links": lambda owner, at: Share.objects.create(
        conversation=_conversation(owner, at), hash=str(uuid.uuid4()), expires=at
    ),
    "codes": lambda owner, at: EnrolCode.objects.create(selector="A", verifier="B", tier="edge", expires=at),
    "failed_logins": lambda owner, at: _created(AccessAttempt, at, "attempt_time", username="a", failures_since_start=1),
    "retention_runs": lambda owner, at: models.Run.objects.create(started=at),
}


def only(name: str) -> models.Run:
    return pruning.run(kinds=[kind for kind in KINDS if kind.name == name])


def period(name: str, days: int | None) -> None:
    periods.change({name: days})


@pytest.mark.parametrize("name", MAKE)
def test_what_is_older_than_its_period_goes_and_the_rest_stays(owner: User, name: str) -> None:
    period(name, 30)  # passed over where it is fixed
    now = timezone.now()
    old, young = MAKE[name](owner, now - OLD), MAKE[name](owner, now - YOUNG)
    young_stays = name not in ("sessions", "share_links")  # an expired one is of no use, however young it is
    assert pruning.due()[name] == (1 if young_stays else 2)
    assert only(name).deleted == {name: 1 if young_stays else 2}
    model = type(old)._base_manager
    assert not model.filter(pk=old.pk).exists()
    assert model.filter(pk=young.pk).exists() == young_stays
    assert name not in pruning.due()


def test_each_kind_with_rows_is_tried_above() -> None:
    assert {kind.name for kind in KINDS} - {"strays", "call_texts"} == MAKE.keys()


@pytest.mark.parametrize("name", [kind.name for kind in KINDS if kind.fixed is None])
def test_nothing_goes_that_is_stored_for_ever(owner: User, name: str) -> None:
    period(name, None)
    MAKE[name](owner, timezone.now() - timedelta(days=9000))
    assert not only(name).deleted and name not in pruning.due()


def test_conversations_batches_and_runs_are_stored_for_ever_by_default(owner: User) -> None:
    for name in ("conversations", "batches", "training_runs"):
        MAKE[name](owner, timezone.now() - timedelta(days=9000))
    pruning.run()
    assert (Conversation.objects.count(), Batch.objects.count(), Run.objects.count()) == (1, 1, 1)


def test_a_conversation_goes_with_its_answers_and_the_photos_that_nothing_else_has(owner: User) -> None:
    at = timezone.now() - OLD
    period("conversations", 30)
    old = _conversation(owner, at)
    plain, kept = _photo(owner, at), _photo(owner, at, kept=True)
    for photo in (plain, kept):
        Turn.objects.create(conversation=old.pk, owner=owner, photo=photo, question="?", state="answered")
    only("conversations")
    assert not Turn.objects.exists() and not Step.objects.exists()
    assert list(Photo.objects.all()) == [kept] and not plain.path.exists()


def test_conversations_that_somebody_needs_stay(owner: User) -> None:
    at = timezone.now() - OLD
    period("conversations", 30)
    pinned, shared, asked = _conversation(owner, at, pinned=True), _conversation(owner, at), _conversation(owner, at)
    Share.objects.create(conversation=shared, hash="x", expires=timezone.now() + YOUNG)
    Turn.objects.filter(conversation=asked.pk).update(state="running")
    assert not only("conversations").deleted
    Conversation.objects.filter(pk=pinned.pk).update(pinned=False)
    Share.objects.update(expires=timezone.now())
    Turn.objects.update(state="answered")
    assert only("conversations").deleted == {"conversations": 3}


@pytest.mark.parametrize("state", ["running", "paused"])
def test_an_open_batch_stays_with_its_answers(owner: User, state: str) -> None:
    period("batches", 30)
    period("command_line", 30)
    at = timezone.now() - OLD
    for person in (owner, User.objects.shell()):
        batch = _batch(person, at, state)
        Turn.objects.filter(conversation=batch.pk).update(created=at)
    pruning.run()
    assert Batch.objects.count() == Item.objects.exclude(turn=None).count() == 2


def test_a_batch_goes_with_its_answers_and_without_its_photos(owner: User) -> None:
    period("batches", 30)
    batch = _batch(owner, timezone.now() - OLD)
    photo = _photo(owner, timezone.now() - OLD, kept=True)
    Item.objects.filter(batch=batch).update(photo=photo)
    only("batches")
    assert not Item.objects.exists() and not Turn.objects.exists() and photo.path.exists()


def test_a_question_of_the_command_line_that_is_being_answered_stays(owner: User) -> None:
    turn = _shell_turn(owner, timezone.now() - OLD)
    Turn.objects.update(state="running")
    only("command_line")
    assert Turn.objects.filter(pk=turn.pk).exists()


def test_photos_that_somebody_wants_stay(owner: User) -> None:
    at = timezone.now() - OLD
    filed, asked = _photo(owner, at), _photo(owner, at)
    wanted = [_photo(owner, at, kept=True), _photo(owner, at, favourite=True), filed, asked]
    Album.objects.create(owner=owner, name="Kites").photos.add(filed)
    Turn.objects.create(conversation=uuid.uuid4(), owner=owner, photo=asked, question="?", state="answered")
    _photo(owner, at)
    assert only("unused_photos").deleted == {"unused_photos": 1}
    assert set(Photo.objects.all()) == set(wanted)


@pytest.mark.parametrize("state", ["queued", "running", "paused", "done"])
def test_a_run_that_goes_on_or_has_a_finished_model_stays(owner: User, state: str) -> None:
    period("training_runs", 30)
    _run(owner, timezone.now() - OLD, state)
    assert not only("training_runs").deleted and Round.objects.exists()


def test_a_stopped_run_goes_with_its_files_unless_it_has_a_model(owner: User) -> None:
    period("training_runs", 30)
    without, model = _run(owner, timezone.now() - OLD, "stopped"), _run(owner, timezone.now() - OLD, "stopped")
    (run_artifacts.folder(model.pk) / run_artifacts.CARD).write_text("{}")
    assert only("training_runs").deleted == {"training_runs": 1}
    assert list(Run.objects.all()) == [model]
    assert not run_artifacts.folder(without.pk).exists() and run_artifacts.folder(model.pk).exists()


def test_the_latest_update_of_agents_stays_and_so_does_one_under_way(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    at = timezone.now() - OLD
    period("agent_rollouts", 30)
    present, under_way, earlier, latest = (MAKE["agent_rollouts"](owner, at) for _ in range(4))
    AgentRollout.objects.filter(pk=under_way.pk).update(ended=None)
    wheel = agent_wheel.Wheel("isthmus_agent-1-py3-none-any.whl", "1", AgentRollout.objects.get(pk=present.pk).digest, 5)
    monkeypatch.setattr(agent_wheel, "known", lambda: wheel)
    assert only("agent_rollouts").deleted == {"agent_rollouts": 1}
    left = set(AgentRollout.objects.values_list("pk", flat=True))
    assert earlier.pk not in left and left == {present.pk, under_way.pk, latest.pk}, (
        "without its row, auto begins again with a wheel that failed"
    )


@pytest.mark.parametrize("state", ["queued", "running"])
def test_work_on_models_that_goes_on_stays(owner: User, state: str) -> None:
    period("model_jobs", 30)
    job, ended = _model_job(owner, timezone.now() - OLD, state), _model_job(owner, timezone.now() - OLD)
    assert only("model_jobs").deleted == {"model_jobs": 1}
    assert list(ModelJob.objects.all()) == [job] and model_job_lifecycle.folder(job.pk).exists()
    assert not model_job_lifecycle.folder(ended.pk).exists()


def test_a_notice_that_waits_for_delivery_stays(owner: User) -> None:
    at = timezone.now() - OLD
    waiting, done = (Notice.objects.create(kind="disk.low", key=key, at=at) for key in "ab")
    for notice, due in ((waiting, timezone.now()), (done, None)):
        Delivery.objects.create(notice=notice, channel="mail", due_at=due)
    only("notices")
    assert list(Notice.objects.all()) == [waiting]


def test_an_invitation_goes_like_a_code(owner: User) -> None:
    Invitation.objects.create(hash="a", expires=timezone.now() - OLD)
    valid = Invitation.objects.create(hash="b", expires=timezone.now() + OLD)
    assert only("codes").deleted == {"codes": 1} and list(Invitation.objects.all()) == [valid]
