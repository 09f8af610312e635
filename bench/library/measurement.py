"""A database with many photos, and the times of the library's requests on it."""

import os
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django
import numpy as np

YEARS, BATCH = 4, 5000
LAST = datetime(2026, 11, 1, tzinfo=UTC)


def measure(photos: int, repeats: int) -> dict[str, float | int]:
    """Sets Django up for a folder that goes afterwards: for a process of its own."""
    with tempfile.TemporaryDirectory(prefix="isthmus-library-") as var:
        os.environ.update(ISTHMUS_VAR=var, DJANGO_SETTINGS_MODULE="webapp.settings", ISTHMUS_HOSTS="testserver")
        (Path(var) / "static").mkdir()
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        from webapp.accounts.models import User

        moments = add_photos(User.objects.create_superuser("owner", password=None), photos)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return times(moments, repeats)


def add_photos(owner: Any, count: int) -> list[datetime]:
    """Of one person. Returns when they were added."""
    from inference.models import Photo, slot_of

    moments = sessions(count, random.Random(7))
    on_device = {"jetson-a": {"sizes": {"webp:50:384": 12_000}, "ready": {}}}
    facts = {"owner": owner, "width": 2048, "height": 1365, "bytes": 400_000, "source_bytes": 3_000_000, "kept": True}
    rows = [
        Photo(
            **facts,
            source_format="JPEG",
            digest=f"{n:064x}",
            created=moment,
            slot=slot_of(moment),
            favourite=n % 50 == 0,
            placed=on_device if n % 3 == 0 else {},
        )
        for n, moment in enumerate(moments)
    ]
    Photo.objects.bulk_create(rows, batch_size=BATCH)
    return moments


def sessions(count: int, chance: random.Random) -> list[datetime]:
    """When photos were added: 10 to 400 in a row, a few seconds apart."""
    moments: list[datetime] = []
    while len(moments) < count:
        moment = LAST - timedelta(seconds=chance.random() * YEARS * 365 * 86_400)
        for _ in range(min(chance.randint(10, 400), count - len(moments))):
            moment += timedelta(seconds=chance.uniform(0.5, 8))
            moments.append(moment)
    return moments


def times(moments: list[datetime], repeats: int) -> dict[str, float | int]:
    from django.test import Client

    from webapp.accounts.models import User
    from webapp.live.moments import iso

    client, chance = Client(), random.Random(8)
    client.force_login(User.objects.get())

    def get(path: str, **query: str) -> Callable[[], None]:
        def request() -> None:
            answer = client.get(f"{path}?{urlencode(query)}")
            assert answer.status_code == 200, answer.content[:300]

        return request

    first, slots = get("/library/"), get("/api/v1/library/slots")
    for warm in (first, slots):
        warm()
    page_ms, slots_ms, middle_ms = [], [], []
    for _ in range(repeats):
        page_ms.append(milliseconds(first))
        slots_ms.append(milliseconds(slots))
        before = iso(chance.choice(moments))
        middle_ms.append(milliseconds(get("/api/v1/library/photos", before=before, limit="200")))
    screen = np.add(page_ms, slots_ms)
    figures = {"first_screen_ms": screen, "page_ms": page_ms, "slots_ms": slots_ms, "middle_ms": middle_ms}
    shares = {
        f"{name}_p{share}": round(float(np.percentile(ms, share)), 1) for name, ms in figures.items() for share in (50, 95)
    }
    return {**shares, "photos": len(moments)}


def milliseconds(request: Callable[[], None]) -> float:
    started = time.perf_counter()
    request()
    return 1000 * (time.perf_counter() - started)
