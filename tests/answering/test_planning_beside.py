"""While a language model plans, the photo is placed; the receipt tells how much of the planning that hid."""

import time
from typing import Any

import pytest

from inference.answering import orchestrate, planner_usage, prefetch
from inference.answering.journal import claim
from inference.models import Photo
from inference.photos import store
from inference.planning.planner import OfflinePlanner
from webapp.chat import conversations

pytestmark = pytest.mark.django_db(transaction=True)
PLANNING_S, PLACING_S = 0.3, 0.15


class SlowPlanner(OfflinePlanner):
    def plan(self, *about: Any) -> Any:
        time.sleep(PLANNING_S)
        return super().plan(*about)


@pytest.fixture
def execution(
    owner: Any, photo_bytes: bytes, redis_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> orchestrate.TurnExecution:
    monkeypatch.setattr(planner_usage, "planner", SlowPlanner)
    monkeypatch.setattr(prefetch, "prepare", lambda photo, node: time.sleep(PLACING_S))
    settings.PLANNER = {**settings.PLANNER, "model": "some-model"}
    photo = store.store(owner, [photo_bytes])
    journal = claim(str(conversations.ask(owner, "What is this?", photo=photo.pk).pk))
    assert journal is not None
    return orchestrate.TurnExecution(journal)


def test_placing_beside_a_language_model_is_hidden(execution: orchestrate.TurnExecution) -> None:
    begun = time.monotonic()
    orchestrate._plan(execution)
    assert time.monotonic() - begun < PLANNING_S + PLACING_S
    assert execution.plan_ms_hidden == pytest.approx(1000 * PLACING_S, abs=100)


def test_a_plan_does_not_wait_for_a_device_that_is_slower(
    execution: orchestrate.TurnExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefetch, "prepare", lambda photo, node: time.sleep(3 * PLANNING_S))
    begun = time.monotonic()
    orchestrate._plan(execution)
    assert time.monotonic() - begun < 2.5 * PLANNING_S
    assert execution.plan_ms_hidden == pytest.approx(1000 * PLANNING_S, abs=150)
    time.sleep(3 * PLANNING_S)


def test_a_photo_that_was_prepared_before_the_question_is_left_alone(execution: orchestrate.TurnExecution) -> None:
    photo = execution.journal.turn.photo
    assert photo is not None
    photo.placed = {"jetson-a": {"sizes": {}, "ready": {}}}
    orchestrate._plan(execution)
    assert execution.plan_ms_hidden == 0.0


def test_the_offline_planner_has_nothing_to_hide(execution: orchestrate.TurnExecution, settings: Any) -> None:
    settings.PLANNER = {**settings.PLANNER, "model": ""}
    orchestrate._plan(execution)
    assert execution.plan_ms_hidden == 0.0 and Photo.objects.get().placed == {}
