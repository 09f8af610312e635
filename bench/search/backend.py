"""Fill the database that the environment names with N photos and time searches in it: `python -m bench.search.backend N`."""

import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
OWN_SHARE = 0.9  # of the photos that belong to the person who searches
SPREAD = 0.25  # of a vector around a real one, as a share of its length
SEARCHES, NEAREST, SEED = 200, 10, 5
CHUNK = 20_000  # vectors that are compared at once for the exact answer
QUIET, PATIENCE_S = "BENCH_SEARCH_QUIET", 300.0
QUESTIONS = (
    "a dog on a beach", "two children playing football", "a red car", "people in the snow", "a man on a bicycle",
    "a birthday cake", "a boat on the water", "a woman with an umbrella", "a climber on a rock",
    "black and white dog with a ball",
)  # fmt: skip
Array = NDArray[np.float32]


def vectors(count: int) -> Array:
    """[count, SIZE] unit vectors around real ones."""
    from inference.search import relevance

    dice = np.random.default_rng(SEED)
    centres = relevance.background()
    result: Array = dice.standard_normal((count, centres.shape[1]), np.float32)
    result *= SPREAD / np.sqrt(centres.shape[1])
    result += centres[dice.integers(len(centres), size=count)]
    result /= np.linalg.norm(result, axis=1, keepdims=True)
    return result


def tidy() -> None:
    """What the database does by itself after a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def measure(size: int) -> dict[str, Any]:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from bench.search.rows import store
    from inference.search import counts, search, words
    from inference.search.indexes.index import index, rebuild
    from inference.search.text import bundled_text

    call_command("migrate", verbosity=0)
    person, other = (get_user_model().objects.create(username=name) for name in ("ana", "ben"))
    matrix, own = vectors(size), int(np.ceil(OWN_SHARE * size))
    started = time.perf_counter()
    ids = store(matrix, [person.pk if n < own else other.pk for n in range(size)])
    stored = time.perf_counter()
    rebuild()
    built = time.perf_counter()
    tidy()
    bundled_text().unit(words.about(QUESTIONS[0]))  # loads the encoder
    first = _milliseconds(lambda: search.by_words(person.pk, QUESTIONS[0]))
    times = searches(person.pk, matrix[:own], ids)
    load = os.getloadavg()[0]
    return {
        "photos": size,
        "backend": index().name,
        **times,
        "first_ms": round(first, 1),
        "counting_ms": round(float(np.median([_milliseconds(partial(counts.count, person.pk)) for _ in range(10)])), 1),
        "index_mb": round(index_bytes(size) / 1e6, 1),
        "store_s": round(stored - started, 1),
        "build_s": round(built - stored, 1),
        "load": round(load, 1),
    }


def searches(person: int, own: Array, ids: list[uuid.UUID]) -> dict[str, float]:
    """Times and recall; `own`: unit vectors of the person's photos, as they were before they were rounded."""
    from inference.engine.mean_token.space import SCALE
    from inference.search import search
    from inference.search.indexes.index import index
    from inference.search.text import bundled_text

    texts = [f"{QUESTIONS[n % len(QUESTIONS)]} number {n}" for n in range(SEARCHES)]
    wanted = np.stack([bundled_text().unit(text) for text in texts])
    rounded = np.clip(np.round(own * SCALE), -127, 127)
    rounded /= np.linalg.norm(rounded, axis=1, keepdims=True)
    right, right_of_stored = exact(own, wanted), exact(rounded, wanted)
    wait_until_quiet(float(os.environ.get(QUIET, "inf")))
    hits, hits_of_stored, whole, alone, cpu = 0, 0, list[float](), list[float](), -cpu_seconds()
    for text in texts:
        whole.append(_milliseconds(partial(search.by_words, person, text)))
    cpu += cpu_seconds()
    for n in range(SEARCHES):
        started = time.perf_counter()
        nearest = {one.photo for one in index().nearest(person, wanted[n], NEAREST)}
        alone.append(1000 * (time.perf_counter() - started))
        hits += len(nearest & {ids[row] for row in right[n]})
        hits_of_stored += len(nearest & {ids[row] for row in right_of_stored[n]})
    return {
        "p50_ms": round(float(np.percentile(whole, 50)), 2),
        "p95_ms": round(float(np.percentile(whole, 95)), 2),
        "cpu_ms": round(1000 * cpu / SEARCHES, 2),
        "index_ms_p50": round(float(np.percentile(alone, 50)), 2),
        "index_ms_p95": round(float(np.percentile(alone, 95)), 2),
        "recall_at_10": round(hits / (NEAREST * SEARCHES), 4),
        "recall_of_stored": round(hits_of_stored / (NEAREST * SEARCHES), 4),
    }


def exact(matrix: Array, wanted: Array) -> NDArray[np.int64]:
    """[len(wanted), NEAREST] rows of the matrix."""
    rows, scores = np.empty((len(wanted), 0), np.int64), np.empty((len(wanted), 0), np.float32)
    for start in range(0, len(matrix), CHUNK):
        part = wanted @ matrix[start : start + CHUNK].T
        scores = np.concatenate([scores, part], axis=1)
        rows = np.concatenate([rows, np.broadcast_to(start + np.arange(part.shape[1]), part.shape)], axis=1)
        best = np.argpartition(-scores, NEAREST, axis=1)[:, :NEAREST]
        rows, scores = np.take_along_axis(rows, best, axis=1), np.take_along_axis(scores, best, axis=1)
    return rows


def cpu_seconds() -> float:
    """Of this process and of the one that serves its connection to PostgreSQL."""
    from django.db import connection

    own = time.process_time()
    if connection.vendor != "postgresql":
        return own
    fields = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime


def wait_until_quiet(load: float) -> None:
    """Until fewer processes than that want to run, for a while at most."""
    until = time.monotonic() + PATIENCE_S
    while os.getloadavg()[0] >= load and time.monotonic() < until:
        time.sleep(1)


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


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
