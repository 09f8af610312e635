"""How many photos can be found and how many wait is counted exactly, and remembered where that takes long."""

from typing import Any

import pytest
from django.utils import timezone

from inference.models import Photo
from inference.search import counts
from inference.search.counts import Counts
from inference.search.models import PhotoVector
from tests.search.conftest import Stored

pytestmark = pytest.mark.django_db
FACTS = {"width": 8, "height": 8, "bytes": 1, "source_format": "jpeg", "source_bytes": 1}


def test_each_photo_is_counted_once_where_it_belongs(ana: Any, ben: Any, stored: Stored) -> None:
    photos = [stored(ana) for _ in range(7)]
    stored(ben)
    Photo.objects.create(owner=ana, **FACTS)
    Photo.objects.create(owner=ana, hidden_at=timezone.now(), **FACTS)
    assert counts.of_person(ana.pk) == Counts(searched=7, waiting=1)
    PhotoVector.objects.filter(pk=photos[0].pk).update(space="0" * 16)
    PhotoVector.objects.filter(pk=photos[1].pk).update(space="z" * 16)
    assert counts.of_person(ana.pk) == Counts(searched=5, waiting=3)
    hidden = [photo.pk for photo in photos[1:4]]  # one of them in another space
    Photo.objects.filter(pk__in=hidden).update(hidden_at=timezone.now())
    assert counts.of_person(ana.pk) == Counts(searched=3, waiting=2)
    assert counts.within(Photo.visible.filter(owner=ana)) == Counts(searched=3, waiting=2)


def test_the_numbers_of_very_many_photos_are_remembered_for_a_while(
    ana: Any, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "_remembered", {})
    stored(ana)
    assert counts.of_person(ana.pk).searched == 1
    stored(ana)
    monkeypatch.setattr(counts, "MANY", 2)
    assert counts.of_person(ana.pk).searched == 2
    stored(ana)
    assert counts.of_person(ana.pk).searched == 2
    now = counts.time.monotonic()
    monkeypatch.setattr(counts.time, "monotonic", lambda: now + counts.REMEMBERED_S + 1)
    assert counts.of_person(ana.pk).searched == 3
