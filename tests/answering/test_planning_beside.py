"""While a language model plans, the photo is placed; the receipt says how much of the planning time that hid."""

import time
from threading import Event
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
    def plan(self, *arguments: Any) -> Any:
        time.sleep(PLANNING_S)
        return super().plan(*arguments)


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


def test_placing_while_a_language_model_plans_costs_no_extra_time(
    execution: orchestrate.TurnExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    planning, placing = Event(), Event()

    class MeetingPlanner(SlowPlanner):
        def plan(self, *arguments: Any) -> Any:
            planning.set()
            assert placing.wait(20), "the photo is placed only after the plan"
            return super().plan(*arguments)

    def prepare(photo: Photo, node: Any) -> None:
        placing.set()
        assert planning.wait(20), "the plan is made only after the photo was placed"
        time.sleep(PLACING_S)

    monkeypatch.setattr(planner_usage, "planner", MeetingPlanner)
    monkeypatch.setattr(prefetch, "prepare", prepare)
    started = time.monotonic()
    orchestrate._plan(execution)
    assert 1000 * PLACING_S <= execution.plan_ms_hidden + 1 <= 1000 * (time.monotonic() - started) + 1


def test_a_plan_does_not_wait_for_a_slower_device(
    execution: orchestrate.TurnExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, placed = Event(), Event()

    def prepare(photo: Photo, node: Any) -> None:
        assert planned.wait(20), "the plan waits for the device"
        placed.set()

    monkeypatch.setattr(prefetch, "prepare", prepare)
    started = time.monotonic()
    orchestrate._plan(execution)
    assert not placed.is_set()
    assert 1000 * PLANNING_S <= execution.plan_ms_hidden + 1 <= 1000 * (time.monotonic() - started) + 1
    planned.set()
    assert placed.wait(20)


def test_a_prepared_photo_is_not_prepared_again(execution: orchestrate.TurnExecution) -> None:
    photo = execution.journal.turn.photo
    assert photo is not None
    photo.placed = {"jetson-a": {"sizes": {}, "ready": {}}}
    orchestrate._plan(execution)
    assert execution.plan_ms_hidden == 0.0


def test_the_offline_planner_has_nothing_to_hide(execution: orchestrate.TurnExecution, settings: Any) -> None:
    settings.PLANNER = {**settings.PLANNER, "model": ""}
    orchestrate._plan(execution)
    assert execution.plan_ms_hidden == 0.0 and Photo.objects.get().placed == {}
