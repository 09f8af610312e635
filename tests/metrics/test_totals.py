"""Sums over processes: nothing is lost while Redis is away, and no label makes series without end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from bench.harness.processes import wait_for
from webapp.ops.metrics import reporter, totals
from webapp.ops.metrics.counted import COUNTED, HTTP_SECONDS, LIVE_EVENTS, QUESTION_ERRORS, WASTED_BYTES
from webapp.ops.metrics.metric import Metric
from webapp.ops.metrics.reporter import Reporter
from webapp.ops.metrics.totals import MOST_SERIES, Totals

ROOT = Path(__file__).resolve().parents[2]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
# Counts to 500 in two threads, says so, and ends when it is told to or killed.
PROCESS = """
import sys, threading
import django
django.setup()
from webapp.ops.metrics.counted import WASTED_BYTES
from webapp.ops.metrics.reporter import REPORTER, TOTALS
REPORTER.start("test")
def count():
    for _ in range(250):
        TOTALS.add(WASTED_BYTES, 1)
threads = [threading.Thread(target=count) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("counted", flush=True)
sys.stdin.readline()
"""


def samples(store: Any, *metrics: Metric) -> Samples:
    families = totals.families(metrics or COUNTED, totals.parse(store.hgetall(totals.KEY)))
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def kinds(store: Any) -> list[str]:
    return [process["kind"] for process in reporter.processes(store)]


def wasted(store: Any) -> float:
    return samples(store, WASTED_BYTES)["isthmus_wasted_bytes_total", frozenset()]


@pytest.fixture
def away(settings: Any) -> Iterator[None]:
    """A Redis that refuses every connection."""
    present, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    yield
    settings.REDIS_URL = present


def test_what_two_processes_counted_is_added_and_stays_when_they_end(store: Any) -> None:
    env = {"ISTHMUS_VAR": str(settings.VAR_DIR), "REDIS_URL": settings.REDIS_URL, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    command = [sys.executable, "-c", PROCESS]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    pair = [subprocess.Popen(command, cwd=ROOT, env={**env, "PATH": ""}, **pipes) for _ in range(2)]
    try:
        for process in pair:
            assert process.stdout.readline() == "counted\n"
        wait_for(lambda: kinds(store).count("test") == 2, 20, "the processes did not show themselves")
        wait_for(lambda: wasted(store) == 1000, 20, "the sums were not handed over")
        pair[0].kill()
        pair[1].communicate("\n", timeout=60)
        assert wasted(store) == 1000
    finally:
        for process in pair:
            process.kill()
            process.communicate()


def test_the_last_counts_are_handed_over_at_the_end(store: Any) -> None:
    env = {"ISTHMUS_VAR": str(settings.VAR_DIR), "REDIS_URL": settings.REDIS_URL, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    hasty = PROCESS.replace('print("counted", flush=True)', "REPORTER._run = None").replace("sys.stdin.readline()", "")
    subprocess.run([sys.executable, "-c", hasty], cwd=ROOT, env={**env, "PATH": ""}, check=True, timeout=120)
    assert wasted(store) == 500


def test_a_process_that_shows_no_sign_is_gone(store: Any) -> None:
    alive = Reporter(Totals())
    alive._kind = "a test"
    alive.report()
    assert "a test" in kinds(store) and store.sismember(reporter.PROCESSES, alive._key)
    store.delete(alive._key)  # as when its time is over
    assert "a test" not in kinds(store) and not store.sismember(reporter.PROCESSES, alive._key)


@pytest.mark.usefixtures("away")
def test_without_redis_counting_goes_on_and_nothing_is_lost(store: Any, settings: Any) -> None:
    counted = Totals()
    counted.add(WASTED_BYTES, 3)
    for _ in range(2):
        with pytest.raises(redis.RedisError):
            Reporter(counted).report()
        counted.add(WASTED_BYTES, 2)
    settings.REDIS_URL = store_url(store)
    Reporter(counted).report()
    assert wasted(store) == 7


def store_url(store: Any) -> str:
    from tests.settings import PRIVATE_REDIS

    return PRIVATE_REDIS.url


def test_a_redis_that_is_full_keeps_what_it_has_and_gets_the_rest_later(store: Any) -> None:
    counted = Totals()
    store.config_set("maxmemory", 1)
    try:
        counted.add(WASTED_BYTES, 5)
        with pytest.raises(redis.RedisError):
            Reporter(counted).report()
    finally:
        store.config_set("maxmemory", 512 << 20)
    Reporter(counted).report()
    assert wasted(store) == 5


def test_labels_without_end_become_one_series(store: Any) -> None:
    counted = Totals()
    for number in range(MOST_SERIES + 50):
        counted.add(QUESTION_ERRORS, 1, f"code_{number}")
    totals.hand_over(store, counted.take())
    found = samples(store, QUESTION_ERRORS)
    assert len(found) == MOST_SERIES + 1
    assert found["isthmus_question_errors_total", frozenset({("code", "other")})] == 50


def test_a_counter_never_falls(store: Any) -> None:
    counted = Totals()
    counted.add(WASTED_BYTES, 5)
    counted.add(WASTED_BYTES, -3)
    totals.hand_over(store, counted.take())
    assert wasted(store) == 5


def test_buckets_of_a_histogram_are_cumulative_and_end_in_the_count(store: Any) -> None:
    counted = Totals()
    for seconds in (0.001, 0.005, 0.006, 99.0):
        counted.observe(HTTP_SECONDS, seconds, "api")
    totals.hand_over(store, counted.take())
    found = samples(store, HTTP_SECONDS)

    def bucket(bound: str) -> float:
        return found["isthmus_http_request_seconds_bucket", frozenset({("area", "api"), ("le", bound)})]

    assert [bucket(bound) for bound in ("0.005", "0.01", "10.0", "+Inf")] == [2, 3, 3, 4]
    assert found["isthmus_http_request_seconds_sum", frozenset({("area", "api")})] == pytest.approx(99.012)


def test_sums_of_another_version_are_left_out(store: Any) -> None:
    for series in (
        ["isthmus_gone_total"],
        ["isthmus_wasted_bytes_total", "a label it has no more"],
        ["isthmus_wasted_bytes_total"],
    ):
        store.hincrbyfloat(totals.KEY, json.dumps(series), 2)
    found = samples(store)
    assert wasted(store) == 2
    assert not [name for name, _ in found if "gone" in name]


def test_live_events_are_counted_with_their_outcome(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.live import publish

    counted = Totals()
    reports = Reporter(counted)
    reports.report()
    monkeypatch.setattr(publish, "published", publish.published + publish.Counter({"sent": 4, "dropped": 1}))
    before = samples(store, LIVE_EVENTS)["isthmus_live_events_total", frozenset({("outcome", "sent")})]
    for _ in range(2):  # each is counted once
        reports.report()
    after = samples(store, LIVE_EVENTS)
    assert after["isthmus_live_events_total", frozenset({("outcome", "sent")})] == before + 4
    assert after["isthmus_live_events_total", frozenset({("outcome", "dropped")})] == 1
