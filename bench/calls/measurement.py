"""A database with many model calls, and the times of the log's requests on it."""

import os
import random
import statistics
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django

DAYS, PEOPLE, BATCH, REPEATS = 90, 40, 5000, 5
# By name, of the page and of the API alike.
FILTERS = {
    "none": {}, "person": {"person": "person-7"}, "task": {"task": "vqa"}, "route": {"route": "split"},
    "failed": {"outcome": "failed"}, "rating": {"rating": "up"}, "device": {"node": "jetson-3"}, "edge": {"node": "edge-1"},
    "edge_person": {"node": "edge-1", "person": "person-7"},
}  # fmt: skip
Figures = dict[str, Any]


def measure(calls: int) -> Figures:
    """Sets Django up for a folder that goes afterwards: for a process of its own."""
    with tempfile.TemporaryDirectory(prefix="isthmus-calls-") as var:
        os.environ.update(ISTHMUS_VAR=var, DJANGO_SETTINGS_MODULE="webapp.settings", ISTHMUS_HOSTS="testserver")
        (Path(var) / "static").mkdir()
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        add_calls(calls)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
        clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
        return {**reading(clock), **writing(clock), "calls": calls}


def add_calls(count: int) -> None:
    """As many each day, with their sums."""
    from django.utils import timezone

    from inference.calls.tables import CallDay, ModelCall
    from webapp.accounts.models import User

    User.objects.create_superuser("owner", password=None)
    people = [User.objects.create(username=f"person-{number}").pk for number in range(PEOPLE)]
    chance, now, sums = random.Random(7), timezone.now(), Counter[Any]()
    for start in range(0, count, BATCH):
        rows = []
        for number in range(start, min(count, start + BATCH)):
            row = _call(chance, now - timedelta(days=DAYS) * (1 - number / count), chance.choice(people))
            sums[(timezone.localdate(row.created), *(getattr(row, name) for name in CallDay.FACETS))] += 1
            rows.append(row)
        ModelCall.objects.bulk_create(rows)
    days = [
        CallDay(day=day, **dict(zip(CallDay.FACETS, facets, strict=True)), calls=calls)
        for (day, *facets), calls in sums.items()
    ]
    CallDay.objects.bulk_create(days, batch_size=BATCH)


def _call(chance: random.Random, created: datetime, owner: int) -> Any:
    from inference.calls.tables import ModelCall

    route = chance.choices(("device", "edge", "split"), (2, 3, 5))[0]
    ok, cached = chance.random() > 0.03, chance.random() < 0.1
    return ModelCall(
        created=created,
        owner_id=owner,
        purpose=chance.choices(("vqa", "classify", "caption"), (6, 3, 1))[0],
        model="compact vqa",
        route=route if ok else "",
        device=f"jetson-{chance.randrange(8)}",
        edge="" if route == "device" or not ok else f"edge-{chance.randrange(2)}",
        outcome="ok" if ok else "no_route",
        ok=ok,
        ms=chance.lognormvariate(5, 0.7),
        link_bytes=360 if route == "split" else 0,
        confidence=chance.random(),
        cached=ok and cached,
        up=chance.choices((None, True, False), (90, 8, 2))[0],
        turn=uuid.UUID(int=chance.getrandbits(128)),
        step=1,
    )


def reading(clock: Callable[[], float]) -> Figures:
    from django.test import Client

    from webapp.accounts.models import User
    from webapp.live.moments import iso

    client = Client()
    client.force_login(User.objects.get(username="owner"))
    week = iso(_midnight() - timedelta(days=6))

    def get(path: str, query: dict[str, str]) -> float:
        address = f"{path}?{urlencode(query)}"

        def request() -> None:
            answer = client.get(address)
            assert answer.status_code == 200, answer.content[:300]

        return _median(request, clock)

    get("/calls/", {})
    page, summary = {}, {}
    for name, query in FILTERS.items():
        for period, since in (("7", {"since": week}), ("all", {})):
            page[f"{name}/{period}"] = get("/calls/", {**query, "period": period})
            summary[f"{name}/{period}"] = get("/api/v1/calls/summary", {**query, **since})
    return {"page_ms": page, "summary_ms": summary, "slowest_ms": max(*page.values(), *summary.values())}


def _midnight() -> datetime:
    from django.utils import timezone

    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def writing(clock: Callable[[], float]) -> Figures:
    from django.db import transaction

    from inference.calls import allowances, recording
    from inference.models import Turn
    from webapp.accounts.models import User

    owner = User.objects.get(username="owner")
    turn = Turn.objects.create(owner=owner, conversation=uuid.uuid4(), question="?", state="running")

    def record() -> None:
        with transaction.atomic():
            recording.failed(turn, 1, "vqa", "timeout", [{"node": "jetson-1", "why": "", "bytes": 7, "ms": 4.0}])

    def admit() -> None:
        with transaction.atomic():
            allowances.admit(owner.pk, None)

    return {"record_ms": _median(record, clock, 200), "admit_ms": _median(admit, clock, 200)}


def _median(work: Callable[[], None], clock: Callable[[], float], repeats: int = REPEATS) -> float:
    """Milliseconds."""
    times = []
    for _ in range(repeats):
        started = clock()
        work()
        times.append(1000 * (clock() - started))
    return round(statistics.median(times), 2)
