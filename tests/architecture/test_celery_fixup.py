"""Database connections of workers: open from one task to the next, and replaced where they broke."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, connections

from webapp.celery import app
from webapp.ops.celery_fixup import Fixup, WorkerFixup


@pytest.fixture
def worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerFixup]:
    """As a worker has it, without its signals."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 60)
    connection.close()
    yield WorkerFixup(app)
    connection.close()


def open_one() -> object:
    connection.ensure_connection()
    return connection.connection


def test_the_app_uses_it() -> None:
    assert [type(fixup) for fixup in app._fixups] == [Fixup]


def test_a_connection_outlives_a_task(worker: WorkerFixup) -> None:
    first = open_one()
    worker.close_database()
    assert open_one() is first


def test_an_old_one_is_closed(worker: WorkerFixup) -> None:
    first = open_one()
    assert connection.close_at is not None
    connection.close_at -= 60
    worker.close_database()
    assert open_one() is not first


def test_one_that_broke_is_closed(worker: WorkerFixup, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_one()
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
    monkeypatch.setattr(connection, "is_usable", lambda: False)  # what PostgreSQL's says of one that the server has closed
    worker.close_database()
    assert connection.connection is None
    assert open_one() is not first


def test_no_page_is_imported_for_the_checks(worker: WorkerFixup, monkeypatch: pytest.MonkeyPatch) -> None:
    def ran() -> None:
        raise AssertionError("the checks ran")

    monkeypatch.setattr("django.core.checks.run_checks", ran)
    worker.validate_models()
