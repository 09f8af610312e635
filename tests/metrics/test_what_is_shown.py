"""/metrics as a whole: its format, and what it says while a part of the server is away."""

from collections import Counter
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from inference.answering.cloud_queue import ALIVE_KEY
from tests.metrics.conftest import Scrape, answer
from tests.metrics.test_nodes import node
from webapp.ops.metrics.counted import COUNTED
from webapp.ops.metrics.read import READ
from webapp.ops.metrics.reporter import REPORTER

pytestmark = pytest.mark.django_db


def test_both_formats_are_as_their_parsers_want_them(owner: Any, scraper: Client) -> None:
    answer(owner)
    node("jetson-a")
    old = scraper.get("/metrics")
    assert old["Content-Type"].startswith("text/plain; version=0.0.4") and old["Cache-Control"] == "no-store"
    new = scraper.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert new["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    names = [{family.name for family in parse(text.content.decode())} for parse, text in ((plain, old), (open_metrics, new))]
    assert names[0] == names[1] and len(names[0]) > 50


def test_every_metric_says_what_it_is_and_has_its_unit_at_the_end() -> None:
    names = [metric.name for metric in (*COUNTED, *READ)]
    assert not [name for name, count in Counter(names).items() if count > 1]
    assert not [metric.name for metric in (*COUNTED, *READ) if not metric.help.endswith(".")]
    assert not [metric.name for metric in COUNTED if metric.name.endswith("_total") != (metric.kind == "counter")]
    histograms = [metric for metric in COUNTED if metric.kind == "histogram"]
    assert not [
        m.name for m in histograms if not m.name.endswith(("_seconds", "_ratio")) or list(m.buckets) != sorted(m.buckets)
    ]


def test_without_the_database_the_rest_is_there(
    owner: Any, scrape: Any, scraper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(owner)

    def refuse(*_: Any) -> None:
        raise OperationalError("it is gone")

    with monkeypatch.context() as database:
        database.setattr(CursorWrapper, "execute", refuse)
        shown = {name for name, _ in scrape()}
        assert scrape()["isthmus_database_up", frozenset()] == 0
    assert "isthmus_questions_waiting" not in shown and "isthmus_nodes" not in shown
    assert {"isthmus_redis_up", "isthmus_questions_total", "isthmus_disk_free_bytes"} <= shown


def test_without_redis_the_rest_is_there_and_what_was_counted_is_not_lost(
    owner: Any, scrape: Any, value: Scrape, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(REPORTER, "_client", None)
    answer(owner)
    shown = {name for name, _ in scrape()}
    assert scrape()["isthmus_redis_up", frozenset()] == 0 and scrape()["isthmus_database_up", frozenset()] == 1
    assert "isthmus_questions_total" not in shown and "isthmus_cloud_worker_up" not in shown
    assert "isthmus_questions_waiting" in shown
    settings.REDIS_URL = present
    monkeypatch.setattr(REPORTER, "_client", None)
    assert value("isthmus_questions_total", outcome="answered", background="no") == 1


def test_signs_of_life_of_worker_and_clock_are_shown(value: Scrape, store: Any) -> None:
    assert (value("isthmus_cloud_worker_up"), value("isthmus_clock_up")) == (0, 0)
    store.set(ALIVE_KEY, "1")
    store.set("clock:alive", "1")
    store.lpush("cloud", "message")
    assert (value("isthmus_cloud_worker_up"), value("isthmus_clock_up")) == (1, 1)
    assert value("isthmus_queue_messages", queue="cloud") == 1
