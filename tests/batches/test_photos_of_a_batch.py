"""Photos of a batch on a device and an edge with real models: what is done once, and one that cannot be read."""

from typing import Any

import pytest

from devices.models import Node
from devices.telemetry import presence
from inference.answering import planner_usage, prefetch, tasks
from inference.batches import creation
from inference.batches.models import Batch
from inference.models import Photo, Turn
from inference.photos import store as photo_store
from inference.placement import fleet
from tests.answering.conftest import Pair, online, pair, vision  # noqa: F401  fixtures
from tests.batches.conftest import counts
from tests.conftest import draw_photo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _one_stretch(online: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:  # noqa: F811
    """However long a busy machine takes, one thread answers all, and the nodes stay online."""
    monkeypatch.setattr(tasks, "STRETCH_S", 600.0)
    settings.REUSE_DAYS, settings.LEASE_S = 0, 600
    monkeypatch.setattr(presence, "STALE_S", 3600.0)
    monkeypatch.setattr(presence, "OFFLINE_S", 3600.0)


def _batch(owner: Any, photos: list[Photo]) -> Batch:
    return creation.create(owner, "Is there a dog?", [photo.pk for photo in photos], policy="fastest")


def _photos(owner: Any, count: int) -> list[Photo]:
    return [photo_store.store(owner, [draw_photo(700 + number)]) for number in range(count)]


def test_a_question_is_planned_once_for_all_photos(owner: Any, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    planner, plans = planner_usage.planner(), []
    plan = type(planner).plan
    monkeypatch.setattr(type(planner), "plan", lambda self, *about: plans.append(about) or plan(self, *about))  # type: ignore[func-returns-value]
    batch = _batch(owner, _photos(owner, 4))
    tasks.answer()
    assert counts(batch) == {"answered": 4} and len(plans) == 1
    assert [turn.plan["steps"] for turn in Turn.objects.all()] == [batch.plan["steps"]] * 4


def test_one_photo_in_the_middle_that_cannot_be_read_fails_alone(owner: Any, pair: Pair) -> None:  # noqa: F811
    photos = _photos(owner, 5)
    photos[2].path.write_bytes(photos[2].path.read_bytes()[:900])
    photos[3].path.unlink()
    batch = _batch(owner, photos)
    tasks.answer()
    assert counts(batch) == {"answered": 3, "failed": 2}
    damaged, missing = batch.items.filter(state="failed")
    assert (damaged.number, missing.number) == (3, 4)
    assert "The photo is damaged" in damaged.error["message"]
    assert "The server cannot read the file of this photo." in missing.error["message"]


def test_only_what_the_question_may_send_is_measured(owner: Any, pair: Pair) -> None:  # noqa: F811
    [photo] = _photos(owner, 1)
    _batch(owner, [photo])
    tasks.answer()
    photo.refresh_from_db()
    placed, profile = photo.placed["jetson-t"], pair.profile
    tower = {level.key(profile.image_size(task)) for task in profile.on_towers for level in profile.photo_levels(task)}
    assert set(placed["sizes"]) == tower and set(placed["tasks"]) >= set(profile.on_towers)

    device = next(node for node in fleet.online(set()) if node.slug == "jetson-t")
    pair.calls.clear()
    assert prefetch.place(photo, device, "read") == 0, "the device has the photo"
    photo.refresh_from_db()
    larger = {level.key(profile.image_size("read")) for level in profile.photo_levels("read")}
    assert larger and set(photo.placed["jetson-t"]["sizes"]) == tower | larger
    assert prefetch.place(photo, device, "vqa") == 0 and pair.calls == ["jetson-t.place"]


def test_an_agent_that_cannot_choose_measures_everything(owner: Any, pair: Pair) -> None:  # noqa: F811
    Node.objects.update(abilities=[])
    [photo] = _photos(owner, 1)
    _batch(owner, [photo])
    tasks.answer()
    photo.refresh_from_db()
    larger = {level.key(pair.profile.image_size("read")) for level in pair.profile.photo_levels("read")}
    assert larger <= set(photo.placed["jetson-t"]["sizes"])


def test_a_device_that_lost_the_photo_gets_it_again(owner: Any, pair: Pair) -> None:  # noqa: F811
    [photo] = _photos(owner, 1)
    device = next(node for node in fleet.online(set()) if node.slug == "jetson-t")
    prefetch.place(photo, device)
    pair.device.call("forget", photo=str(photo.pk))
    batch = _batch(owner, [photo])
    tasks.answer()
    assert counts(batch) == {"answered": 1}
