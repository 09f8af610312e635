"""Vectors are read into memory once; after that only what was added or changed is read."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db.models import Min

from inference.engine.mean_token import space
from inference.search.indexes import scan
from inference.search.indexes.scan import ScanIndex
from inference.search.models import PhotoVector
from tests.search.conftest import Stored

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("SEARCH_INDEX" in os.environ, reason="it is about vectors in memory"),
]
PHOTOS, NEWEST = 40, 5
Vector = np.typing.NDArray[np.float32]


class Reads:
    """How many vectors were read each time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes = list[int]()
        read = scan._read

        def counted(rows: Any, newest: scan.Newest) -> scan._Photos:
            photos = read(rows, newest)
            self.sizes.append(len(photos.ids))
            return photos

        monkeypatch.setattr(scan, "_read", counted)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    monkeypatch.setattr(scan, "NEWEST", NEWEST)
    yield Reads(monkeypatch)


@pytest.fixture
def searched(ana: Any, stored: Stored, reads: Reads) -> ScanIndex:
    for _ in range(PHOTOS):
        stored(ana)
    index = ScanIndex()
    assert len(index.nearest(ana.pk, direction(1), PHOTOS)) == PHOTOS and reads.sizes == [PHOTOS]
    return index


def direction(place: int) -> Vector:
    vector = np.zeros(space.SIZE, np.float32)
    vector[place] = 1
    return vector


def nearest(index: ScanIndex, owner: Any, vector: Vector) -> Any:
    return index.nearest(owner.pk, vector, 1)[0].photo


def test_nothing_is_read_again_while_nothing_changes(ana: Any, searched: ScanIndex, reads: Reads) -> None:
    searched.nearest(ana.pk, direction(2), 3)
    assert reads.sizes == [PHOTOS]


def test_of_an_added_photo_the_others_are_not_read_again(ana: Any, searched: ScanIndex, stored: Stored, reads: Reads) -> None:
    added = stored(ana, direction(3))
    assert nearest(searched, ana, direction(3)) == added.pk
    assert reads.sizes == [PHOTOS, NEWEST + 1]
    assert len(searched.nearest(ana.pk, direction(3), 2 * PHOTOS)) == PHOTOS + 1


def test_a_vector_that_was_made_again_replaces_the_earlier(ana: Any, searched: ScanIndex, reads: Reads) -> None:
    row = PhotoVector.objects.order_by("made")[0]
    row.vector = space.quantised(direction(4))
    searched.put([row])
    assert nearest(searched, ana, direction(4)) == row.pk and len(reads.sizes) == 2
    assert len({one.photo for one in searched.nearest(ana.pk, direction(4), 2 * PHOTOS)}) == PHOTOS


def test_a_photo_that_is_stored_late_is_seen_although_it_is_older_than_the_last(
    ana: Any, searched: ScanIndex, stored: Stored
) -> None:
    late = stored(ana, direction(5))
    last_made = PhotoVector.objects.exclude(pk=late.pk).order_by("-made")[1].made
    PhotoVector.objects.filter(pk=late.pk).update(made=last_made + timedelta(microseconds=1))
    assert nearest(searched, ana, direction(5)) == late.pk


def test_of_deleted_photos_none_is_found_and_none_is_missing_for_them(ana: Any, searched: ScanIndex) -> None:
    """However many: more than are looked at again. With a photo its vector goes."""
    order = [one.photo for one in searched.nearest(ana.pk, direction(6), PHOTOS)]
    PhotoVector.objects.filter(pk__in=order[:2]).delete()
    assert [one.photo for one in searched.nearest(ana.pk, direction(6), 3)] == order[2:5]
    PhotoVector.objects.filter(pk__in=order[5:35]).delete()
    assert [one.photo for one in searched.nearest(ana.pk, direction(6), 6)] == [*order[2:5], *order[35:38]]
    PhotoVector.objects.all().delete()
    assert searched.nearest(ana.pk, direction(6), 6) == []


def test_vectors_of_another_space_are_left_out(ana: Any, searched: ScanIndex) -> None:
    oldest = PhotoVector.objects.aggregate(first=Min("made"))["first"]
    PhotoVector.objects.filter(made=oldest).update(space="another")
    assert len(searched.nearest(ana.pk, direction(7), 2 * PHOTOS)) == PHOTOS - 1
