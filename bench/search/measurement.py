"""A database of each kind in a process of its own, and the quality of what is found."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.search import quality
from tests.postgres.server import USER, running_postgres, with_pgvector

QUICK, FULL = (10_000,), (10_000, 100_000, 1_000_000)
SHOWN = 100_000  # photos of which the figures come first, where they were measured


def measure(sizes: Sequence[int]) -> dict[str, Any]:
    rows = [_measured(size, {}) for size in sizes]
    if (installed := with_pgvector()) is not None:
        with running_postgres(installed) as socket:
            rows += [_measured(size, {"POSTGRES_HOST": str(socket), "POSTGRES_USER": USER}) for size in sizes]
    first = next((row for row in rows if row["photos"] == SHOWN), rows[0])
    return {**first, "all": rows, **quality.measure()}


def _measured(size: int, database: dict[str, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ISTHMUS_VAR", "POSTGRES_", "REDIS_"))}
        env |= database | {"ISTHMUS_VAR": folder, "OMP_NUM_THREADS": "1"}
        if database:
            env["POSTGRES_DB"] = f"search{size}"
            psql = ["createdb", "-h", database["POSTGRES_HOST"], "-U", USER, env["POSTGRES_DB"]]
            installed = with_pgvector()
            assert installed is not None
            subprocess.run([installed / psql[0], *psql[1:]], check=True)
        command = [sys.executable, "-m", "bench.search.backend", str(size)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row
