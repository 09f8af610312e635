"""The part of the suite that is about the database also passes on a real PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres.server import binaries, running_postgres, with_pgvector

QUICK = "not slow and not long and not browser"
ROOT = Path(__file__).resolve().parents[2]
# What locks, counts at once or depends on how a database compares and stores.
PARTS = (
    "api/test_text_that_cannot_be_stored.py",
    *(f"calls/test_{name}.py" for name in ("calls_at_once", "reading_the_log")),
    *(f"federation/test_{name}.py" for name in ("journal", "the_queue_of_runs")),
    *(f"devices/test_{name}.py" for name in ("codes", "heartbeat", "node_events")),
)
ALL = (
    *("batches", "library/test_thumbnails_of_photos_on_devices.py"),
    *("accounts", "chat", "fairness", "api/test_text_that_cannot_be_stored.py", "api/test_runs.py", "metrics/test_nodes.py"),
    *(f"calls/test_{name}.py" for name in ("calls_at_once", "cost_of_counting", "reading_the_log", "what_the_log_has")),
    *(f"federation/test_{name}.py" for name in ("journal", "the_queue_of_runs", "how_a_run_ends")),
    *(f"devices/test_{name}.py" for name in ("codes", "heartbeat", "joining_over_http", "links", "node_events", "telemetry")),
)
NOT = ("accounts/test_every_page_for_every_person.py",)  # about addresses, and as long as all the others of its folder


@pytest.mark.slow
def test_what_depends_on_the_database_passes_on_postgres() -> None:
    """With the search where there is a server with pgvector, as a database and a start of pytest take most of the time."""
    parts, vectors = [f"tests/{part}" for part in PARTS], with_pgvector()
    if vectors is None:
        _pass(_installed(), parts)
    else:
        _pass(vectors, [*parts, "tests/search"], SEARCH_INDEX="pgvector")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_whatever_asks_the_database_passes_on_postgres() -> None:
    _pass(_installed(), [f"tests/{part}" for part in ALL] + [f"--ignore=tests/{part}" for part in NOT])


def _installed() -> Path:
    installed = binaries()
    if installed is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql.")
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql), so the tests ran on SQLite only.")
    return installed


def _pass(installed: Path, parts: list[str], **more: str) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "ISTHMUS_", "REDIS_"))}
    with running_postgres(installed) as socket:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-m",
            "not slow and not long and not browser",
            "--create-db",
            "--reuse-db",
        ]
        env |= {"TESTS_POSTGRES": str(socket), **more}
        done = subprocess.run([*command, *parts], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
