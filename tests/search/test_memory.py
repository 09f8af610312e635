"""Vectors come with answers: stored once, refused when they are none, and forgotten with the photo."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import override_settings

from devices.contract.results import AnswerResult
from inference.answering import execute
from inference.engine.mean_token import space
from inference.models import Photo
from inference.search import indexing, memory, naming
from inference.search.models import PhotoVector
from tests.search.conftest import Stored

pytestmark = pytest.mark.django_db
FACTS = {"width": 8, "height": 8, "bytes": 1, "source_format": "jpeg", "source_bytes": 1}


@pytest.fixture
def photo(ana: Any) -> Photo:
    return Photo.objects.create(owner=ana, **FACTS)


def answer(vector: Any = None, top: Any = (("dog", 0.8),), names: Any = None) -> AnswerResult:
    values = np.arange(space.SIZE, dtype=np.float32) if vector is None else vector
    encoded = values if isinstance(values, str) else space.encoded(space.quantised(values))
    return AnswerResult(text="dog", confidence=0.8, sure=True, top=list(top), vector=encoded, names=names)


def test_whatever_was_asked_the_names_come_with_the_vector(photo: Photo) -> None:
    names = [("pug", 0.9), ("Egyptian cat", 0.05)]
    assert memory.remember([(photo, "caption", answer(top=[("a dog on a sofa", 0.7)], names=names))]) == 1
    row = PhotoVector.objects.get()
    assert row.names == [list(pair) for pair in names] and row.likeliest == 254
    assert not indexing.waiting().exists() and "names" not in answer(names=names).stored()


def test_a_photo_of_which_only_the_vector_came_is_looked_at_once_more(photo: Photo) -> None:
    memory.remember([(photo, "vqa", answer())])  # of a node with an earlier agent
    assert list(indexing.waiting()) == [photo]
    memory.remember([(photo, "classify", answer(top=[("my mug", 0.9)]))])  # a name of no class that is known here
    assert PhotoVector.objects.get().likeliest == naming.UNKNOWN and not indexing.waiting().exists()


def test_an_answer_of_an_earlier_agent_brings_the_vector_and_a_classifier_the_names(photo: Photo) -> None:
    assert memory.remember([(photo, "vqa", answer())]) == 1
    assert PhotoVector.objects.get().names == []
    assert memory.remember([(photo, "vqa", answer())]) == 0  # it is there
    assert memory.remember([(photo, "classify", answer())]) == 1
    row = PhotoVector.objects.get()
    assert row.names == [["dog", 0.8]] and len(bytes(row.vector)) == space.SIZE and row.space == memory.space_name()


def test_whoever_answers_says_so_by_a_signal(photo: Photo) -> None:
    outcome = execute.Outcome("jetson-a", "classify", answer=answer())
    execute.announce([(photo, outcome), (photo, execute.Outcome("jetson-a", "read"))])
    assert PhotoVector.objects.get().photo_id == photo.pk


@pytest.mark.parametrize("vector", ["", "AAAA", space.encoded(b"x" * 100)])
def test_what_is_no_vector_is_refused(photo: Photo, vector: str) -> None:
    assert memory.remember([(photo, "classify", answer(vector))]) == 0
    assert not PhotoVector.objects.exists()


def test_a_node_cannot_send_a_vector_that_is_no_text() -> None:
    with pytest.raises(ValueError):
        answer("<script>")
    with pytest.raises(ValueError):
        answer("A" * 401)


def test_a_vector_is_no_part_of_a_receipt() -> None:
    assert "vector" not in answer().stored()


def test_a_vector_of_another_space_is_made_again(photo: Photo) -> None:
    memory.remember([(photo, "classify", answer())])
    PhotoVector.objects.update(space="another")
    assert list(indexing.waiting()) == [photo]
    assert memory.remember([(photo, "classify", answer())]) == 1
    assert not indexing.waiting().exists()


def test_a_photo_that_was_deleted_meanwhile_gets_none(photo: Photo) -> None:
    gone = Photo.objects.get(pk=photo.pk)
    photo.delete()
    assert memory.remember([(gone, "classify", answer())]) == 0


@override_settings(SEARCH=False)
def test_switched_off_it_stores_nothing(photo: Photo) -> None:
    assert memory.remember([(photo, "classify", answer())]) == 0 and indexing.run() == 0


def test_photos_without_a_vector_wait_the_newest_first(ana: Any, photo: Photo, stored: Stored) -> None:
    stored(ana, names=[["pug", 0.9]])
    newer = Photo.objects.create(owner=ana, **FACTS)
    assert list(indexing.waiting()) == [newer, photo]


def test_without_a_device_nothing_is_tried(photo: Photo) -> None:
    assert indexing.run() == 0 and list(indexing.waiting()) == [photo]


def test_photos_that_were_indexed_before_get_the_class_of_their_likeliest_name(ana: Any, stored: Stored) -> None:
    """What the migration does; those without names wait for a device."""
    named, other, bare = stored(ana, names=[["pug", 0.9]]), stored(ana, names=[["my mug", 0.9]]), stored(ana)
    PhotoVector.objects.update(likeliest=None)
    migration = import_module("inference.search.migrations.0005_likeliest_names")
    migration.fill(apps, connection.schema_editor())
    classes = dict(PhotoVector.objects.values_list("pk", "likeliest"))
    assert classes == {named.pk: 254, other.pk: naming.UNKNOWN, bare.pk: None}
    assert list(indexing.waiting()) == [bare]
