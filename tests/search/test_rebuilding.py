"""The index is made again, of whatever rows there are, while photos are searched."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from inference.engine.mean_token import space
from inference.models import Photo
from inference.search import memory, tasks
from inference.search.indexes import lists, pgvector
from inference.search.indexes.index import index, rebuild
from inference.search.models import PhotoVector

PHOTOS = 300
needs_pgvector = pytest.mark.skipif(os.environ.get("SEARCH_INDEX") != "pgvector", reason="about pgvector (tests/postgres)")
FACTS = {"width": 8, "height": 8, "bytes": 1, "source_format": "jpeg", "source_bytes": 1}


@pytest.fixture
def rows(ana: Any) -> list[PhotoVector]:
    """As a restored backup has them: no index knows them."""
    dice = np.random.default_rng(11)
    photos = Photo.objects.bulk_create([Photo(owner=ana, **FACTS) for _ in range(PHOTOS)])
    return PhotoVector.objects.bulk_create(
        [
            PhotoVector(photo=photo, owner=ana, space=memory.space_name(), vector=space.quantised(vector))
            for photo, vector in zip(photos, dice.normal(size=(PHOTOS, space.SIZE)).astype(np.float32), strict=True)
        ]
    )


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pgvector, "BATCH", 70)
    monkeypatch.setattr(lists, "FEW", 100)
    yield


def unit(row: PhotoVector) -> np.typing.NDArray[np.float32]:
    vector = np.frombuffer(bytes(row.vector), np.int8).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def own_nearest(owner: Any, rows: list[PhotoVector]) -> list[bool]:
    """Whether each photo is the nearest to its own vector, with the cosine 1."""
    answers = [index().nearest(owner.pk, unit(row), 1)[0] for row in rows]
    return [one.photo == row.pk and abs(one.similarity - 1) < 1e-3 for one, row in zip(answers, rows, strict=True)]


def is_valid(name: str) -> bool | None:
    """None where there is no such index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        row = cursor.fetchone()
    return row and bool(row[0])


@pytest.mark.django_db
@pytest.mark.usefixtures("few_are_many")
def test_rows_that_came_by_themselves_are_found_afterwards(ana: Any, rows: list[PhotoVector], capsys: Any) -> None:
    call_command("search", rebuild=True)
    assert f"{PHOTOS} vectors are in the index ({index().name})" in capsys.readouterr().out
    assert all(own_nearest(ana, rows[::10]))


@needs_pgvector
@pytest.mark.django_db
def test_a_vector_that_differs_from_its_bytes_is_put_right(ana: Any, rows: list[PhotoVector]) -> None:
    rebuild()
    PhotoVector.objects.filter(pk=rows[0].pk).update(vector=rows[1].vector)
    PhotoVector.objects.filter(pk=rows[1].pk).update(vector=rows[0].vector)
    rebuild()
    assert index().nearest(ana.pk, unit(rows[0]), 1)[0].photo == rows[1].pk


@needs_pgvector
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("few_are_many")
def test_photos_are_found_while_the_index_is_made_again(ana: Any, rows: list[PhotoVector]) -> None:
    rebuild()
    answers, ends = list[bool](), threading.Event()

    def search() -> None:
        while not ends.is_set():
            answers.extend(own_nearest(ana, rows[len(answers) % PHOTOS :][:1]))
        connection.close()

    reader = threading.Thread(target=search)
    reader.start()
    for _ in range(3):
        rebuild()
    ends.set()
    reader.join()
    assert len(answers) >= 3 and all(answers)


@needs_pgvector
@pytest.mark.django_db(transaction=True)
def test_what_an_interrupted_attempt_left_is_in_nobodys_way(ana: Any, rows: list[PhotoVector]) -> None:
    rebuild()
    with connection.cursor() as cursor:
        cursor.execute(lists.definition(lists.UNFINISHED, PHOTOS))
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)", [lists.UNFINISHED])
    rebuild()
    assert (is_valid(lists.INDEX), is_valid(lists.UNFINISHED)) == (True, None)
    assert all(own_nearest(ana, rows[::10]))


@needs_pgvector
@pytest.mark.django_db(transaction=True)
def test_where_pgvector_comes_later_it_is_used_from_then_on(ana: Any, rows: list[PhotoVector]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {lists.TABLE} DROP COLUMN {lists.COLUMN}")
    index.cache_clear()
    assert index().name == "scan" and all(own_nearest(ana, rows[:3]))
    assert rebuild() == PHOTOS and index().name == "pgvector"
    assert is_valid(lists.INDEX) and all(own_nearest(ana, rows[::10]))


@needs_pgvector
@pytest.mark.django_db(transaction=True)
def test_an_index_that_was_made_for_far_fewer_photos_is_made_again(
    ana: Any, rows: list[PhotoVector], monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild()
    assert not tasks.index_is_outgrown()
    monkeypatch.setattr(lists, "FEW", 100)
    assert tasks.index_is_outgrown()
    tasks.rebuild_index()
    assert not tasks.index_is_outgrown() and all(own_nearest(ana, rows[::10]))


@needs_pgvector
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("few_are_many")
def test_somebody_with_few_photos_among_many_finds_all_of_them(ana: Any, ben: Any, rows: list[PhotoVector]) -> None:
    PhotoVector.objects.filter(pk__in=[row.pk for row in rows[:250]]).update(owner=ben)
    rebuild()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")  # the index of lists
    nearest = index().nearest(ana.pk, unit(rows[0]), 60)
    with connection.cursor() as cursor:
        cursor.execute("RESET ALL")
    assert {one.photo for one in nearest} == {row.pk for row in rows[250:]}
    assert nearest == sorted(nearest, key=lambda one: -one.similarity)


@needs_pgvector
@pytest.mark.django_db(transaction=True)
def test_nobody_makes_it_twice_at_once(ana: Any, rows: list[PhotoVector]) -> None:
    rebuild()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lists.LOCK])
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {lists.INDEX}")
        assert rebuild() == PHOTOS and is_valid(lists.INDEX) is None
    assert rebuild() == PHOTOS and is_valid(lists.INDEX)
