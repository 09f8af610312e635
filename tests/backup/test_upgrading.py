"""Before a later version migrates, what was stored is saved; and a backup of an earlier version is restored by a later one."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.backup.conftest import ROOT, Place

PREVIOUS = ROOT / "tests" / "architecture" / "previous_version.sql"


@pytest.fixture
def previous(empty: Place) -> Place:
    """As the version before left it."""
    with sqlite3.connect(empty.var / "isthmus.sqlite3") as database:
        database.executescript(PREVIOUS.read_text())
    database.close()
    (empty.var / "static").mkdir()
    return empty


def tables(var: Path) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(var / "isthmus.sqlite3") as database:
        names = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'sqlite_sequence'")
        ]
        rows = {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    database.close()
    return rows


@pytest.mark.long
def test_an_upgrade_saves_what_was_there_and_the_backup_is_restored_by_the_new_version(previous: Place, tmp_path: Path) -> None:
    output = previous.manage("upgrade")
    (file,) = (previous.var / "backups").glob("before-upgrade-*.tar")
    assert f"The database was saved first: {file}" in output
    upgraded = tables(previous.var)
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "static").mkdir()
    back = Place(tmp_path / "back")
    assert "no photos, which the backup does not have" in back.manage("restore", str(file))
    restored = tables(back.var)
    assert set(restored) == set(upgraded)
    ours = [name for name in restored if name not in ("django_migrations", "auth_permission", "django_content_type")]
    assert {name: restored[name] for name in ours} == {name: upgraded[name] for name in ours}
    read = json.loads(back.run("-m", "tests.architecture.read_previous_version").stdout.splitlines()[-1])
    assert set(read["pages"].values()) == {200}
    assert previous.manage("upgrade") == "The database is up to date.", "nothing to apply: nothing to save"
    assert len(list((previous.var / "backups").iterdir())) == 1


@pytest.mark.long
def test_without_a_backup_nothing_is_migrated(previous: Place) -> None:
    (previous.var / "backups").touch()
    before = tables(previous.var)
    sentence = previous.manage("upgrade", fails=True)
    assert "so nothing was migrated" in sentence and "--no-backup" in sentence
    assert tables(previous.var) == before
    previous.manage("upgrade", "--no-backup")
    assert tables(previous.var) != before


def test_compose_upgrades_as_up_does() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert compose["services"]["migrate"]["command"] == ["python", "manage.py", "upgrade"]
