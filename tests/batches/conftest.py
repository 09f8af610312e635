"""Batches of the owner's, without any node: the tests take the place of the workers."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from inference.answering import cloud_queue
from inference.answering.journal import Journal, claim_next
from inference.batches import creation, summary
from inference.batches.models import Batch
from inference.models import Photo
from webapp.management import batch_report

Make = Callable[..., Batch]
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _with_redis(redis_url: str) -> None:
    """Questions are queued for real; nobody takes them."""


@pytest.fixture(autouse=True)
def _long_leases(settings: Any) -> None:
    """A busy machine must not make a claimed question look abandoned."""
    settings.LEASE_S = 600


@pytest.fixture
def photos_of() -> Callable[..., list[Photo]]:
    """Rows alone: nothing here looks into a photo."""

    def make(person: Any, count: int) -> list[Photo]:
        fields: dict[str, Any] = {"width": 320, "height": 240, "bytes": 5000, "source_format": "jpeg", "source_bytes": 9000}
        return Photo.objects.bulk_create([Photo(id=uuid.uuid4(), owner=person, **fields) for _ in range(count)])

    return make


@pytest.fixture
def make(photos_of: Callable[..., list[Photo]]) -> Make:
    """A batch of a person over so many photos."""

    def make(person: Any, count: int = 3, question: str = "Is there a dog?") -> Batch:
        return creation.create(person, question, [photo.pk for photo in photos_of(person, count)], policy="fastest")

    return make


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`manage.py ask`: its exit status and what it printed; a question is answered whenever the command waits."""
    monkeypatch.setattr(cloud_queue, "is_alive", lambda: True)
    monkeypatch.setattr(batch_report.time, "sleep", lambda seconds: answer_next())

    def run(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit) as end:
            call_command("ask", *arguments, stdout=out, stderr=err)
        return int(end.value.code or 0), out.getvalue(), err.getvalue()

    return run


def claimed() -> Journal:
    journal = claim_next()
    assert journal is not None, "nothing may start"
    return journal


def receipt(**changes: Any) -> Any:
    """What a worker would have measured."""
    actual = {"queue": 1.0, "device": 20.0, "uplink": 30.0, "edge": 10.0, "overhead": 2.0, "total": 63.0}
    return {
        "task": "vqa", "route": "split", "device": "jetson-t", "edge": "edge-t",
        "bytes": {"photo": 5000, "uplink": 400, "placing": 0}, "actual_ms": actual,
        "fell_back_from": [], "answer": "yes", "confidence": 0.9, "sure": True, "certainty": "flat", **changes,
    }  # fmt: skip


def answer_next(text: str = "Yes, there is a dog.", **changes: Any) -> None:
    """As a worker that takes the next question does, without the models."""
    journal = claimed()
    journal.planned(journal.turn.given_plan)
    journal.receipt(1, receipt(**changes))
    journal.answered(text)


def counts(batch: Batch) -> dict[str, int]:
    return {state: count for state, count in summary.read(batch.pk)["counts"].items() if count}
