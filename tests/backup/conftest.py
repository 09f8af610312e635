"""Installations in folders of their own, driven by the commands that people use."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres.server import USER, binaries, running_postgres

ROOT = Path(__file__).resolve().parents[2]
UNSET = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "TESTS_POSTGRES")


@dataclass
class Place:
    """An installation. `more`: of its environment."""

    var: Path
    more: dict[str, str] = field(default_factory=dict)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self._env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *command: str, stdin: bytes = b"", fails: bool = False) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self._env(), input=stdin, capture_output=True, check=False, timeout=900
        )
        assert (done.returncode != 0) == fails, (done.stdout[-2000:] + done.stderr[-3000:]).decode()
        return done

    def manage(self, *command: str, **options: Any) -> str:
        """Its output; of a command that fails, the one line of its error."""
        done = self.run("manage.py", *command, **options)
        text = (done.stderr if options.get("fails") else done.stdout).decode().strip()
        return text.splitlines()[-1].removeprefix("CommandError: ") if options.get("fails") else text

    def content(self) -> dict[str, Any]:
        return dict(json.loads(self.run("-m", "tests.backup.content").stdout))

    def _env(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if name not in UNSET and not name.startswith("POSTGRES_")
        }
        return {**inherited, "ISTHMUS_VAR": str(self.var), "DJANGO_SETTINGS_MODULE": "webapp.settings", **self.more}


@pytest.fixture(scope="session")
def filled(redis_url: str, tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Place:
    """On SQLite, with rows in every table and files of every kind. Nobody changes it."""
    place = Place(tmp_path_factory.mktemp("filled"))
    shutil.copy(migrated, place.var / "isthmus.sqlite3")
    place.run("-m", "tests.backup.fill")
    return place


@pytest.fixture(scope="session")
def original(filled: Place) -> dict[str, Any]:
    """What is in it."""
    return filled.content()


@pytest.fixture(scope="session")
def saved(filled: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("saved") / "backup.tar"
    filled.manage("backup", str(file))
    return file


@pytest.fixture
def empty(redis_url: str, tmp_path: Path) -> Place:
    (tmp_path / "var").mkdir(mode=0o700)
    return Place(tmp_path / "var")


@pytest.fixture
def unused(empty: Place, migrated: Path) -> Place:
    """Migrated, with nothing in it."""
    shutil.copy(migrated, empty.var / "isthmus.sqlite3")
    return empty


@pytest.fixture
def postgres(redis_url: str, tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Makes empty installations on one PostgreSQL, by name."""
    installed = binaries()
    if installed is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql).")
    with running_postgres(installed) as socket:

        def make(name: str) -> Place:
            with psycopg.connect(f"host={socket} user={USER} dbname=postgres", autocommit=True) as server:
                server.execute(f"CREATE DATABASE {name}")
            (tmp_path / name).mkdir(mode=0o700)
            return Place(tmp_path / name, {"POSTGRES_HOST": str(socket), "POSTGRES_USER": USER, "POSTGRES_DB": name})

        yield make
