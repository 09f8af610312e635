"""Questions that are answered without any node, and the metrics as Prometheus gets them."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from inference.answering import turns
from inference.answering.journal import Journal, claim
from inference.models import Turn
from tests.batches.conftest import receipt
from webapp.ops.metrics.reporter import REPORTER, TOTALS

Scrape = Callable[..., float]


@pytest.fixture(autouse=True)
def _from_zero(store: Any) -> Iterator[None]:
    """What other tests counted in this process is not in the sums, which each test begins without; nor does the thread that
    reports, if a test before has started it, report in the middle of one."""
    with REPORTER._reporting:
        TOTALS.take()
        yield
        TOTALS.take()


@pytest.fixture
def scraper() -> Client:
    """Prometheus, with the token."""
    return Client(headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})


@pytest.fixture
def scrape(db: None, scraper: Client) -> Callable[[], dict[tuple[str, frozenset[tuple[str, str]]], float]]:
    """Every sample of /metrics, as prometheus_client's own parser reads it."""

    def read() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        answer = scraper.get("/metrics")
        assert answer.status_code == 200, answer.content
        families = text_string_to_metric_families(answer.content.decode())
        return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}

    return read


@pytest.fixture
def value(scrape: Any) -> Scrape:
    """One sample; an error where it is absent or where the labels do not name one."""

    def read(name: str, **labels: str) -> float:
        return float(scrape()[name, frozenset(labels.items())])

    return read


def asked(owner: Any, question: str = "What is this?", steps: int = 1) -> Journal:
    """A question that a worker has taken and planned."""
    turn: Turn = turns.ask(owner, uuid.uuid4(), question, None)
    journal = claim(str(turn.pk))
    assert journal is not None
    rows = [{"id": number, "task": "vqa", "question": question} for number in range(1, steps + 1)]
    journal.planned({"steps": rows, "planner": "offline"})
    return journal


def answer(owner: Any, **changes: Any) -> Turn:
    """A question with one step, answered with this receipt."""
    journal = asked(owner)
    journal.receipt(1, receipt(**changes))
    journal.answered("A dog.")
    return journal.turn
