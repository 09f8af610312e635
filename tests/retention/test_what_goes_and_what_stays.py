"""Of each kind, what is older than its period goes; what is younger, or needed by something, stays."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from devices import agent_wheel
from devices.models import AgentRollout
from federation.models import Round, Run
from federation.runs import run_artifacts
from inference.batches.models import Batch, Item
from inference.model_jobs import lifecycle as model_job_lifecycle
from inference.model_jobs.tables import ModelJob
from inference.models import Album, Photo, Step, Turn
from tests.retention import rows
from webapp.accounts.models import Invitation, User
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


def only(name: str) -> models.Run:
    return pruning.run(kinds=[kind for kind in KINDS if kind.name == name])


def period(name: str, days: int | None) -> None:
    periods.change({name: days})


@pytest.mark.parametrize("name", rows.MAKE)
def test_what_is_older_than_its_period_goes_and_the_rest_stays(owner: User, name: str) -> None:
    period(name, 30)  # passed over where it is fixed
    now = timezone.now()
    old, young = rows.MAKE[name](owner, now - OLD), rows.MAKE[name](owner, now - YOUNG)
    young_stays = name not in ("sessions", "share_links")  # an expired one is of no use, however young it is
    assert pruning.due()[name] == (1 if young_stays else 2)
    assert only(name).deleted == {name: 1 if young_stays else 2}
    model = type(old)._base_manager
    assert not model.filter(pk=old.pk).exists()
    assert model.filter(pk=young.pk).exists() == young_stays
    assert name not in pruning.due()


def test_each_kind_with_rows_is_tried_above() -> None:
    assert {kind.name for kind in KINDS} - {"strays", "call_texts"} == rows.MAKE.keys()


@pytest.mark.parametrize("name", [kind.name for kind in KINDS if kind.fixed is None])
def test_nothing_goes_that_is_stored_for_ever(owner: User, name: str) -> None:
    period(name, None)
    rows.MAKE[name](owner, timezone.now() - timedelta(days=9000))
    assert not only(name).deleted and name not in pruning.due()


def test_conversations_batches_and_runs_are_stored_for_ever_by_default(owner: User) -> None:
    for name in ("conversations", "batches", "training_runs"):
        rows.MAKE[name](owner, timezone.now() - timedelta(days=9000))
    pruning.run()
    assert (Conversation.objects.count(), Batch.objects.count(), Run.objects.count()) == (1, 1, 1)


def test_a_conversation_goes_with_its_answers_and_the_photos_that_nothing_else_has(owner: User) -> None:
    at = timezone.now() - OLD
    period("conversations", 30)
    old = rows.conversation(owner, at)
    plain, kept = rows.stored_photo(owner, at), rows.stored_photo(owner, at, kept=True)
    for photo in (plain, kept):
        Turn.objects.create(conversation=old.pk, owner=owner, photo=photo, question="?", state="answered")
    only("conversations")
    assert not Turn.objects.exists() and not Step.objects.exists()
    assert list(Photo.objects.all()) == [kept] and not plain.path.exists()


def test_conversations_that_somebody_needs_stay(owner: User) -> None:
    at = timezone.now() - OLD
    period("conversations", 30)
    pinned, shared, asked = (
        rows.conversation(owner, at, pinned=True),
        rows.conversation(owner, at),
        rows.conversation(owner, at),
    )
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
        batch = rows.batch(person, at, state)
        Turn.objects.filter(conversation=batch.pk).update(created=at)
    pruning.run()
    assert Batch.objects.count() == Item.objects.exclude(turn=None).count() == 2


def test_a_batch_goes_with_its_answers_and_without_its_photos(owner: User) -> None:
    period("batches", 30)
    batch = rows.batch(owner, timezone.now() - OLD)
    photo = rows.stored_photo(owner, timezone.now() - OLD, kept=True)
    Item.objects.filter(batch=batch).update(photo=photo)
    only("batches")
    assert not Item.objects.exists() and not Turn.objects.exists() and photo.path.exists()


def test_a_question_of_the_command_line_that_is_being_answered_stays(owner: User) -> None:
    turn = rows.shell_turn(owner, timezone.now() - OLD)
    Turn.objects.update(state="running")
    only("command_line")
    assert Turn.objects.filter(pk=turn.pk).exists()


def test_photos_that_somebody_wants_stay(owner: User) -> None:
    at = timezone.now() - OLD
    filed, asked = rows.stored_photo(owner, at), rows.stored_photo(owner, at)
    wanted = [rows.stored_photo(owner, at, kept=True), rows.stored_photo(owner, at, favourite=True), filed, asked]
    Album.objects.create(owner=owner, name="Kites").photos.add(filed)
    Turn.objects.create(conversation=uuid.uuid4(), owner=owner, photo=asked, question="?", state="answered")
    rows.stored_photo(owner, at)
    assert only("unused_photos").deleted == {"unused_photos": 1}
    assert set(Photo.objects.all()) == set(wanted)


@pytest.mark.parametrize("state", ["queued", "running", "paused", "done"])
def test_a_run_that_goes_on_or_has_a_finished_model_stays(owner: User, state: str) -> None:
    period("training_runs", 30)
    rows.run(owner, timezone.now() - OLD, state)
    assert not only("training_runs").deleted and Round.objects.exists()


def test_a_stopped_run_goes_with_its_files_unless_it_has_a_model(owner: User) -> None:
    period("training_runs", 30)
    without, model = rows.run(owner, timezone.now() - OLD, "stopped"), rows.run(owner, timezone.now() - OLD, "stopped")
    (run_artifacts.folder(model.pk) / run_artifacts.CARD).write_text("{}")
    assert only("training_runs").deleted == {"training_runs": 1}
    assert list(Run.objects.all()) == [model]
    assert not run_artifacts.folder(without.pk).exists() and run_artifacts.folder(model.pk).exists()


def test_the_latest_update_of_agents_stays_and_so_does_one_under_way(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    at = timezone.now() - OLD
    period("agent_rollouts", 30)
    present, under_way, earlier, latest = (rows.MAKE["agent_rollouts"](owner, at) for _ in range(4))
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
    job, ended = rows.model_job(owner, timezone.now() - OLD, state), rows.model_job(owner, timezone.now() - OLD)
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
