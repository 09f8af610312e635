"""Which features the server assumes in an edge's cache, from the receipts of earlier answers about the same photo."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inference.answering import edge_cache, prefetch
from inference.engine import catalogue
from inference.models import Photo, Step, Turn
from inference.photos import placed, store
from tests.conftest import draw_photo

TASKS = ["classify", "caption", "vqa"]


@pytest.fixture
def photo(owner: Any, photo_bytes: bytes) -> Photo:
    return store.store(owner, [photo_bytes])


def answered(
    photo: Photo, *, edge: str = "edge-1", task: str = "vqa", age_s: float = 1.0, route: str = "split", level: int = 3
) -> None:
    turn = Turn.objects.create(conversation=uuid.uuid4(), owner=photo.owner, photo=photo, question="?", state="answered")
    receipt: Any = {
        "photo": str(photo.pk), "at": (timezone.now() - timedelta(seconds=age_s)).isoformat(),
        "route": route, "edge": edge, "split_at": 2, "level": 1,
        "levels": [{"level": 1, "bytes": 90, "confidence": 0.2}, {"level": level, "bytes": 300, "confidence": 0.9}],
    }  # fmt: skip
    features = edge_cache.held_after(receipt)
    Step.objects.create(turn=turn, number=1, task=task, state="answered", receipt=receipt, held=features)


def cached(photo: Photo, tasks: list[str] = TASKS) -> dict[int, int]:
    return edge_cache.cached_levels(photo, timezone.now(), tasks).get("edge-1", {})


def test_the_highest_level_that_was_sent_counts(photo: Photo) -> None:
    answered(photo, level=3)
    answered(photo, level=5)
    answered(photo, level=2)
    assert cached(photo) == {2: 5}


def test_features_expire(photo: Photo, settings: Any) -> None:
    answered(photo, age_s=settings.KEEP_FEATURES_S + 1)
    assert cached(photo) == {}


def test_another_edge_has_nothing_cached(photo: Photo) -> None:
    answered(photo, edge="edge-2")
    assert cached(photo) == {}


def test_another_photo_has_nothing_cached(photo: Photo, owner: Any, photo_bytes: bytes) -> None:
    answered(photo)
    assert cached(store.store(owner, [photo_bytes])) == {}


def test_another_route_caches_no_features(photo: Photo) -> None:
    answered(photo, route="edge")
    assert cached(photo) == {}


def test_a_task_with_another_tower_does_not_count(photo: Photo) -> None:
    answered(photo, task="vqa")
    assert cached(photo, ["classify"]) == {}


def test_without_a_cache_nothing_is_expected(photo: Photo, settings: Any) -> None:
    settings.KEEP_FEATURES_S = 0
    answered(photo)
    assert cached(photo) == {}


def test_what_is_known_of_one_photo_of_a_question_is_not_taken_for_another(photo: Photo, owner: Any) -> None:
    answered(photo)
    other = store.store(owner, [draw_photo(5)])
    Turn.objects.update(photo=other)  # the photo was the question's second
    assert cached(other) == {}


def test_the_compact_tasks_share_their_features_and_the_large_ones_do_not() -> None:
    assert edge_cache.tasks_sharing_tower(catalogue.profile("compact"), "vqa") == TASKS
    assert edge_cache.tasks_sharing_tower(catalogue.profile("paper"), "vqa") == ["vqa"]


def test_photos_placed_by_an_earlier_version_are_still_read(photo: Photo) -> None:
    photo.placed = {"jetson-a": {"webp:50:160": 900}}
    assert prefetch.sizes(photo, "jetson-a") == {"webp:50:160": 900}
    assert prefetch.ready(photo, "jetson-a", catalogue.profile("compact"), "vqa") == []


def test_a_head_computed_for_one_task_is_ready_for_the_others(photo: Photo) -> None:
    photo.placed = {"jetson-a": {"sizes": {}, "ready": {}}}
    photo.save()
    prefetch.remember_head(photo, "jetson-a", "vqa", 2)
    prefetch.remember_head(photo, "jetson-a", "caption", 0)
    stored = Photo.objects.get()
    assert prefetch.ready(stored, "jetson-a", catalogue.profile("compact"), "classify") == [0, 2]


def test_concurrent_placements_on_two_devices_are_both_recorded(photo: Photo) -> None:
    other = Photo.objects.get()
    placed.change(photo, "jetson-a", lambda _: {"sizes": {}, "ready": {}})
    placed.change(other, "jetson-b", lambda _: {"sizes": {}, "ready": {}})
    assert set(Photo.objects.get().placed) == {"jetson-a", "jetson-b"}
