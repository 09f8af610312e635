"""Fill the database that the environment names with N photos and time searches in it: `python -m bench.search.backend N`."""

import json
import os
import sys
import time
import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
OWN_SHARE = 0.9  # of the photos that belong to the person who searches
SPREAD = 0.25  # of a vector around a real one, as a share of its length
BATCH, SEARCHES, SEED = 5000, 200, 5
QUESTIONS = (
    "a dog on a beach", "two children playing football", "a red car", "people in the snow", "a man on a bicycle",
    "a birthday cake", "a boat on the water", "a woman with an umbrella", "a climber on a rock",
    "black and white dog with a ball",
)  # fmt: skip
Array = NDArray[np.float32]


def vectors(count: int) -> Array:
    """[count, SIZE] around real ones."""
    from inference.search import relevance

    dice = np.random.default_rng(SEED)
    centres = relevance.background()
    noise = dice.normal(size=(count, centres.shape[1])).astype(np.float32)
    noise *= SPREAD / np.sqrt(centres.shape[1])
    result: Array = centres[dice.integers(len(centres), size=count)] + noise
    return result


def fill(matrix: Array, owners: list[int]) -> list[uuid.UUID]:
    from django.db import connection

    from inference.engine.mean_token.space import quantised
    from inference.models import Photo
    from inference.search import memory
    from inference.search.index import index
    from inference.search.models import PhotoVector

    ids = [uuid.uuid4() for _ in matrix]
    facts = {"width": 800, "height": 600, "bytes": 90_000, "source_format": "jpeg", "source_bytes": 90_000}
    for start in range(0, len(matrix), BATCH):
        part = range(start, min(start + BATCH, len(matrix)))
        Photo.objects.bulk_create([Photo(id=ids[n], owner_id=owners[n], **facts) for n in part])
        made = memory.space_name()
        rows = [PhotoVector(photo_id=ids[n], owner_id=owners[n], space=made, vector=quantised(matrix[n])) for n in part]
        index().put(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return ids


def measure(size: int) -> dict[str, Any]:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from inference.search import search
    from inference.search.index import index
    from inference.search.text import bundled_text

    call_command("migrate", verbosity=0)
    person, other = (get_user_model().objects.create(username=name) for name in ("ana", "ben"))
    matrix = vectors(size)
    owners = [person.pk if n < OWN_SHARE * size else other.pk for n in range(size)]
    started = time.perf_counter()
    ids = fill(matrix, owners)
    built = time.perf_counter() - started
    own = matrix[: int(np.ceil(OWN_SHARE * size))]
    own = own / np.linalg.norm(own, axis=1, keepdims=True)
    found, whole, alone = 0, list[float](), list[float]()
    search.by_words(person.pk, QUESTIONS[0])  # what is loaded once
    for n in range(SEARCHES):
        text = f"{QUESTIONS[n % len(QUESTIONS)]} number {n}"
        started = time.perf_counter()
        search.by_words(person.pk, text)
        whole.append(1000 * (time.perf_counter() - started))
        vector = bundled_text().unit(text)
        started = time.perf_counter()
        nearest = index().nearest(person.pk, vector, 10)
        alone.append(1000 * (time.perf_counter() - started))
        exact = {ids[int(row)] for row in np.argpartition(-(own @ vector), 10)[:10]}
        found += len(exact & {one.photo for one in nearest})
    return {
        "photos": size,
        "backend": index().name,
        "p50_ms": round(float(np.percentile(whole, 50)), 2),
        "p95_ms": round(float(np.percentile(whole, 95)), 2),
        "index_ms_p50": round(float(np.percentile(alone, 50)), 2),
        "index_ms_p95": round(float(np.percentile(alone, 95)), 2),
        "recall_at_10": round(found / (10 * SEARCHES), 4),
        "index_mb": round(index_bytes(size) / 1e6, 1),
        "build_s": round(built, 1),
    }


def index_bytes(size: int) -> int:
    """On PostgreSQL the table with its indexes; else what is kept in memory."""
    from django.db import connection

    from inference.engine.mean_token.space import SIZE
    from inference.search.models import PhotoVector

    if connection.vendor != "postgresql":
        return size * (SIZE + 4 + 16)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [PhotoVector._meta.db_table])
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]))))
