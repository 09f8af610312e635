"""Questions with and without counting, and visits of Prometheus."""

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import django
import numpy as np

from bench.harness.processes import running_redis
from bench.metrics import rows

REQUESTS = 5  # that go with a question: upload, question, status, page, photo
WARM_UP = 5


class Sizes(NamedTuple):
    questions: int
    planner_calls: int
    pairs: int
    scrapes: int


def measure(sizes: Sizes) -> dict[str, Any]:
    """Sets Django up for a folder that goes afterwards: for a process of its own."""
    with tempfile.TemporaryDirectory(prefix="isthmus-metrics-") as var:
        os.environ.update(ISTHMUS_VAR=var, DJANGO_SETTINGS_MODULE="webapp.settings", ISTHMUS_HOSTS="testserver")
        (Path(var) / "static").mkdir()
        from webapp.ops import private_redis

        private = private_redis.prepare(Path(var))
        os.environ["REDIS_URL"] = private.url
        with running_redis(private):
            django.setup()
            return _figures(sizes)


def _figures(sizes: Sizes) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connection

    from webapp.accounts.models import User

    call_command("migrate", verbosity=0)
    owner, others = (User.objects.create_superuser(name, password=None) for name in ("owner", "others"))
    rows.add_nodes()
    rows.add_questions(sizes.questions, others.pk)
    rows.add_planner_calls(sizes.planner_calls, others.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {**_questions(owner, sizes.pairs), **_scrapes(sizes.scrapes), "nodes": rows.NODES, "questions": sizes.questions}


def _questions(owner: Any, pairs: int) -> dict[str, Any]:
    from webapp.ops.metrics import events
    from webapp.ops.metrics.reporter import REPORTER

    differences, reports = [], []
    for n in range(WARM_UP + pairs):
        ms = {}
        for counted in (n % 2 == 0, n % 2 == 1):  # which comes first takes turns
            (events.connect if counted else events.disconnect)()
            ms[counted] = _milliseconds(lambda counted=counted, n=n: _question(owner, n, counted))  # type: ignore[misc]
        reports.append(_milliseconds(REPORTER.report))
        differences.append(ms[True] - ms[False])
    events.connect()
    differences = differences[WARM_UP:]
    chance = np.random.default_rng(1)
    medians = [statistics.median(chance.choice(differences, len(differences))) for _ in range(1000)]
    direct = [_counting_ms(n) for n in range(pairs)]
    return {
        "question_ms": round(statistics.median(differences), 3),
        "question_ms_within": [round(float(bound), 3) for bound in np.percentile(medians, (2.5, 97.5))],
        **_shares("counting_ms", direct, 3),
        **_shares("report_ms", reports[WARM_UP:], 2),
    }


def _question(owner: Any, n: int, counted: bool) -> None:
    """Asked, claimed, planned, answered in two steps; five requests go with it."""
    from inference.answering import turns
    from inference.answering.journal import claim

    turn = turns.ask(owner, uuid.uuid4(), "What is the dog doing, and where?", None)
    journal = claim(str(turn.pk))
    assert journal is not None, "nobody else takes questions here"
    steps = [{"id": number, "task": "vqa", "question": "what?"} for number in (1, 2)]
    journal.planned({"steps": steps, "planner": "offline"})
    for number in (1, 2):
        journal.receipt(number, rows.receipt(n))
    journal.answered("It runs, on a beach.")
    asyncio.run(_requests(counted))


async def _requests(counted: bool) -> None:
    from webapp.ops.metrics import events

    app = events.measured(_answer) if counted else _answer
    for _ in range(REQUESTS):
        await app({"type": "http", "path": "/api/v1/turns"}, _nothing, _nothing)


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


async def _nothing(*_: Any) -> Any:
    return None


def _counting_ms(n: int) -> float:
    """Of the functions that count one such question."""
    from inference.models import Turn
    from webapp.ops.metrics import events

    now = datetime.now(UTC)
    turn = Turn(state="answered", plan={"planner": "offline"}, queued=now, started=now, finished=now)
    receipts = [rows.receipt(n), rows.receipt(n + 1)]

    def count() -> None:
        for receipt in receipts:
            events.step_ended(None, "vqa", "answered", receipt, True)
        events.question_ended(None, turn)
        for _ in range(REQUESTS):
            events.request_answered("api", "2xx", 0.01)

    return _milliseconds(count)


def _scrapes(repeats: int) -> dict[str, Any]:
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from devices.models import Node

    client = Client(headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    texts = []

    def scrape() -> None:
        answer = client.get("/metrics")
        assert answer.status_code == 200, answer.content[:300]
        texts.append(answer.content)

    ms, cpu_ms = [], []
    for _ in range(2 + repeats):
        Node.objects.update(last_seen=timezone.now())  # as their heartbeats do
        started = time.process_time()
        ms.append(_milliseconds(scrape))
        cpu_ms.append(1000 * (time.process_time() - started))
    series = sum(not line.startswith(b"#") for line in texts[-1].splitlines())
    times = {**_shares("scrape_ms", ms[2:], 1), "scrape_cpu_ms_p50": round(statistics.median(cpu_ms[2:]), 1)}
    return {**times, "scrape_kb": round(len(texts[-1]) / 1000), "series": series}


def _shares(name: str, values: list[float], digits: int) -> dict[str, float]:
    return {f"{name}_p{share}": round(float(np.percentile(values, share)), digits) for share in (50, 95)}


def _milliseconds(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)
