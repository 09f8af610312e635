"""The nearest photos of one person, on whichever database there is."""

import os
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.engine.mean_token import space
from inference.models import Photo
from inference.search.indexes.index import index
from inference.search.models import PhotoVector
from tests.search.conftest import Stored

pytestmark = pytest.mark.django_db


def direction(*values: float) -> NDArray[np.float32]:
    vector = np.zeros(space.SIZE, np.float32)
    vector[: len(values)] = values
    result: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return result


def test_the_database_that_is_there_is_used() -> None:
    assert index().name == os.environ.get("SEARCH_INDEX", "scan")


def test_the_nearest_comes_first_with_its_cosine(ana: Any, stored: Stored) -> None:
    far, near, middle = stored(ana, direction(-1)), stored(ana, direction(1)), stored(ana, direction(1, 1))
    found = index().nearest(ana.pk, direction(1), 10)
    assert [one.photo for one in found] == [near.pk, middle.pk, far.pk]
    assert [one.similarity for one in found] == pytest.approx([1, 0.707, -1], abs=0.02)
    assert len(index().nearest(ana.pk, direction(1), 2)) == 2


def test_other_peoples_photos_are_not_among_them(ana: Any, ben: Any, stored: Stored) -> None:
    stored(ben, direction(1))
    own = stored(ana, direction(-1))
    assert [one.photo for one in index().nearest(ana.pk, direction(1), 10)] == [own.pk]


def test_only_the_photos_within_are_searched(ana: Any, stored: Stored) -> None:
    photos = [stored(ana, direction(1, n)) for n in range(4)]
    within = Photo.objects.filter(pk__in=[photos[2].pk, photos[3].pk])
    assert [one.photo for one in index().nearest(ana.pk, direction(1), 10, within)] == [photos[2].pk, photos[3].pk]
    assert index().nearest(ana.pk, direction(1), 10, Photo.objects.none()) == []


def test_a_new_vector_replaces_the_old_one_and_a_deleted_photo_is_gone(ana: Any, stored: Stored) -> None:
    photo, other = stored(ana, direction(1)), stored(ana, direction(0, 1))
    assert index().nearest(ana.pk, direction(1), 1)[0].photo == photo.pk
    row = PhotoVector.objects.get(pk=photo.pk)
    row.vector = space.quantised(direction(-1))
    index().put([row])
    assert index().nearest(ana.pk, direction(1), 1)[0].photo == other.pk
    other.delete()
    assert [one.photo for one in index().nearest(ana.pk, direction(1), 5)] == [photo.pk]


def test_somebody_without_photos_finds_none(ana: Any) -> None:
    assert index().nearest(ana.pk, direction(1), 10) == []


def test_it_finds_what_comparing_with_all_finds(ana: Any, stored: Stored) -> None:
    dice = np.random.default_rng(3)
    photos = [stored(ana) for _ in range(300)]
    rows = dict(PhotoVector.objects.values_list("pk", "vector"))
    matrix = np.stack([np.frombuffer(bytes(rows[photo.pk]), np.int8) for photo in photos]).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    hits = 0
    for _ in range(20):
        vector = dice.normal(size=space.SIZE).astype(np.float32)
        vector /= np.linalg.norm(vector)
        exact = {photos[row].pk for row in np.argsort(-(matrix @ vector))[:10]}
        hits += len(exact & {one.photo for one in index().nearest(ana.pk, vector, 10)})
    assert hits >= 0.95 * 200


def test_rebuilding_loses_nothing(ana: Any, stored: Stored) -> None:
    photo = stored(ana, direction(1))
    assert index().rebuild() == 1
    assert index().nearest(ana.pk, direction(1), 1)[0].photo == photo.pk
