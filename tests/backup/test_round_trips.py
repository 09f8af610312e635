"""A backup, restored: every row and every file is as it was, on whichever database."""

import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.backup.conftest import Place

Content = dict[str, Any]


def test_sqlite_to_sqlite(original: Content, saved: Path, empty: Place) -> None:
    assert not [table for table, rows in original["rows"].items() if not rows]
    assert len(original["files"]) > 10
    assert "Restored" in empty.manage("restore", str(saved))
    assert empty.content() == original
    assert not [path for path in empty.var.rglob("*") if path.stat().st_mode & 0o077]


@pytest.mark.long
def test_sqlite_to_postgres_and_back(
    original: Content, saved: Path, empty: Place, postgres: Callable[[str], Place], tmp_path: Path
) -> None:
    other = postgres("isthmus")
    other.manage("restore", str(saved))
    assert other.content() == original
    second = tmp_path / "from-postgres.tar"
    other.manage("backup", str(second))
    made = "from webapp.accounts.models import User; print(User.objects.create_user('later').pk)"
    assert int(other.manage("shell", "-v0", "-c", made)) > 3, "new rows do not collide with restored ones"
    empty.manage("restore", str(second))
    assert empty.content() == original


@pytest.mark.long
def test_encrypted_and_through_pipes_into_a_place_that_was_migrated(
    filled: Place, original: Content, unused: Place, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    public = filled.manage("backup", "--new-key", str(key))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    done = filled.run("manage.py", "backup", "-", "--recipient", public)
    assert "3 photos" in done.stderr.decode()
    assert b"photos/" not in done.stdout
    assert "is encrypted. Give the private key" in unused.manage("restore", "-", stdin=done.stdout, fails=True)
    unused.manage("restore", "-", "--identity", str(key), stdin=done.stdout)
    assert unused.content() == original
    assert not list(unused.var.glob(".restore*"))


def test_any_tar_reads_it_and_sha256sum_checks_it(saved: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with tarfile.open(saved) as archive:
        archive.extractall(tmp_path, filter="data")
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)


@pytest.mark.long
def test_without_photos(filled: Place, original: Content, unused: Place, tmp_path: Path) -> None:
    file = tmp_path / "rows.tar"
    assert "without photos" in filled.manage("backup", "--no-photos", str(file))
    (unused.var / "photos").mkdir(mode=0o700)
    (unused.var / "photos" / "already.jpg").write_bytes(b"here")  # they may be there: the backup would not touch them
    unused.manage("restore", str(file))
    restored = unused.content()
    assert restored["rows"] == original["rows"]
    assert [file for file in restored["files"] if file.startswith(("photos", "nodes"))] == ["photos/already.jpg"]


def test_a_photo_that_is_gone_is_named(filled: Place, tmp_path: Path) -> None:
    lost, file = min((filled.var / "photos").glob("*.small.jpg")), tmp_path / "lacking.tar"
    lost.rename(tmp_path / lost.name)
    try:
        text = filled.manage("backup", str(file))
    finally:
        (tmp_path / lost.name).rename(lost)
    assert f"1 files were missing when it was made: photos/{lost.name}" in text
    assert lost.name in filled.manage("backup", "--verify", str(file))
