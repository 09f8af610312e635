"""What is damaged, foreign, newer or hostile is refused with a sentence, before anything is written."""

import fcntl
import json
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.backup.archives import Members, rewritten, with_entry, with_file, with_head, with_rows
from tests.backup.conftest import Place
from webapp.ops.backup import making, place, restoring
from webapp.ops.backup.archive.layout import FORMAT, HEAD, Head
from webapp.ops.backup.errors import BackupError

pytestmark = pytest.mark.django_db
USER = "people.loginpolicy"


def refusal(file: Path) -> str:
    with pytest.raises(BackupError) as raised:
        restoring.verify(file, [])
    return str(raised.value)


def test_the_untouched_one_is_whole(saved: Path) -> None:
    assert restoring.verify(saved, []).manifest.photos == 3


@pytest.mark.parametrize("seed", range(20))
def test_one_changed_byte(saved: Path, tmp_path: Path, seed: int) -> None:
    content = bytearray(saved.read_bytes())
    end = len(content.rstrip(b"\0"))
    content[random.Random(seed).randrange(end)] ^= 0x10
    (tmp_path / "damaged.tar").write_bytes(content)
    try:
        restoring.verify(tmp_path / "damaged.tar", [])
    except BackupError:
        return
    # A byte of padding, or one of a header that nothing depends on: every member is still what was written.
    assert restoring.verify(tmp_path / "damaged.tar", []) == restoring.verify(saved, [])


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99])
def test_cut_off(saved: Path, tmp_path: Path, share: float) -> None:
    content = saved.read_bytes().rstrip(b"\0")
    (tmp_path / "cut.tar").write_bytes(content[: int(len(content) * share)])
    sentence = refusal(tmp_path / "cut.tar")
    assert "cut off" in sentence or "no backup" in sentence


@pytest.mark.parametrize(
    "name",
    ["../outside", "/etc/cron.d/x", "photos/../../x", "photos/./x", "photos", "photos//x", "other/x", "photos/a\\b",
     "photos/a\nb", "photos/" + "d/" * 20 + "x", "isthmus.sqlite3", "run/redis_url"],
)  # fmt: skip
def test_a_path_that_no_backup_has(saved: Path, tmp_path: Path, name: str) -> None:
    assert "is no file that a backup has" in refusal(rewritten(saved, tmp_path / "path.tar", with_file(name)))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_what_is_no_file(saved: Path, tmp_path: Path, kind: bytes) -> None:
    entry = tarfile.TarInfo("photos/x")
    entry.type, entry.linkname = kind, "/etc/passwd"
    assert "no plain file" in refusal(with_entry(saved, tmp_path / "link.tar", entry))


def test_a_header_that_would_be_read_into_memory(saved: Path, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("photos/x")
    entry.pax_headers = {"comment": "x" * 1_000_000}
    assert "no plain file" in refusal(with_entry(saved, tmp_path / "pax.tar", entry))


def test_a_file_that_is_a_folder_as_well(saved: Path, tmp_path: Path) -> None:
    def change(members: Members) -> None:
        members |= {"photos/a/b": b"x", "photos/a": b"x"}

    assert "in it twice" in refusal(rewritten(saved, tmp_path / "twice.tar", change))


def test_rows_that_unpack_to_more_than_they_say(saved: Path, tmp_path: Path) -> None:
    bomb = with_rows(USER, b'[1,"nobody"]\n' * 1_000_000, rows=2, bytes=30)
    assert f"{USER} has more in it than it says" in refusal(rewritten(saved, tmp_path / "bomb.tar", bomb))
    one_line = with_rows(USER, b" " * 70_000_000, rows=2, bytes=80_000_000)
    assert f"{USER} has more in it than it says" in refusal(rewritten(saved, tmp_path / "line.tar", one_line))


@pytest.mark.parametrize(
    "line", [b"[1]\n", b"{}\n", b"[1,\n", b'["no number", "x"]\n', b'[1,"\xff"]\n', b"null\n", b"[" * 100_000 + b"\n"]
)
def test_a_row_that_is_none(saved: Path, tmp_path: Path, line: bytes) -> None:
    broken = with_rows(USER, line, rows=1, bytes=len(line))
    assert f"row 1 of {USER}" in refusal(rewritten(saved, tmp_path / "row.tar", broken))


def test_fewer_rows_than_it_says(saved: Path, tmp_path: Path) -> None:
    assert "0 rows of 5" in refusal(rewritten(saved, tmp_path / "few.tar", with_rows(USER, b"", rows=5, bytes=50)))


def test_a_newer_format_and_a_newer_database(saved: Path, tmp_path: Path) -> None:
    newer = rewritten(saved, tmp_path / "newer.tar", with_head(format=FORMAT + 1, product="9.1"))
    assert f"has format {FORMAT + 1}" in refusal(newer) and "Isthmus 9.1" in refusal(newer)

    def migrated_further(members: Members) -> None:
        head = json.loads(members[HEAD])
        members[HEAD] = json.dumps({**head, "migrations": [*head["migrations"], ["people", "0999_later"]]}).encode()

    sentence = refusal(rewritten(saved, tmp_path / "later.tar", migrated_further))
    assert "people.0999_later is not known here" in sentence


@pytest.mark.parametrize(
    "changes", [{"parts": ["photos", "elsewhere"]}, {"tables": []}, {"bytes": -1}, {"made": "x"}, {"format": "x"}]
)
def test_a_description_that_is_wrong(saved: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    assert "damaged" in refusal(rewritten(saved, tmp_path / "head.tar", with_head(**changes)))


@pytest.mark.parametrize("content", [b"", b"\0" * 20_000, b"hello", b"age-encryption.org/v1\n"])
def test_what_is_no_backup(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    sentence = refusal(tmp_path / "file")
    assert "no backup of Isthmus" in sentence or "encrypted" in sentence


def test_a_file_that_is_not_there_and_a_folder(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "none.tar")
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.long
def test_a_place_that_is_used_stays_as_it_is(filled: Place, saved: Path, empty: Place, original: dict[str, Any]) -> None:
    empty.manage("restore", str(saved))
    assert "is not empty" in empty.manage("restore", str(saved), fails=True)
    for folder in ("photos", "federated", "nodes"):
        (empty.var / folder).rename(empty.var / f"{folder}.aside")
    assert "The database is not empty" in empty.manage("restore", str(saved), fails=True)
    for folder in ("photos", "federated", "nodes"):
        (empty.var / f"{folder}.aside").rename(empty.var / folder)
    assert empty.content() == original


@pytest.mark.long
def test_a_refused_backup_leaves_the_place_empty_for_the_next_one(
    saved: Path, empty: Place, original: dict[str, Any], tmp_path: Path
) -> None:
    def refers_to_nothing(members: Members) -> None:
        values = {"id": 1, "owner_id": 99, "name": "t", "hash": "h", "created": "2025-01-01T00:00:00+00:00"}
        tables = Head.model_validate_json(members[HEAD]).tables
        fields = next(table.fields for table in tables if table.name == "people.apitoken")
        row = json.dumps([values.get(field) for field in fields]).encode() + b"\n"
        with_rows("people.apitoken", row, rows=1, bytes=len(row))(members)

    broken = rewritten(saved, tmp_path / "broken.tar", refers_to_nothing)
    assert "The database refused" in empty.manage("restore", str(broken), fails=True)
    assert not list((empty.var).glob("photos")) and not list(empty.var.glob(".restore*"))
    empty.manage("restore", str(saved))
    assert empty.content() == original


def test_where_isthmus_runs_nothing_is_restored(saved: Path, tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="is running"):
            restoring.restore(saved, [])


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1000}))
    with pytest.raises(BackupError, match="0 MB free"):
        making.make(tmp_path / "backup.tar")
    assert not list(tmp_path.iterdir())
