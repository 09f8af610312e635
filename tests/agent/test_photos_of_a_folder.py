"""A camera that is a folder says which photos are in it, and hands out one of them as it was listed; nothing beside them."""

import os
from pathlib import Path

import pytest

from devices.agent.cameras import folder as folders
from devices.agent.cameras.capture import Cameras
from devices.agent.cameras.source import CameraError, FileRefused
from devices.contract.protocol import MAX_REPLY_BYTES
from devices.contract.results import FOLDER_PAGE, FolderFile, FolderPage


@pytest.fixture
def cameras(tmp_path: Path) -> Cameras:
    (tmp_path / "shots").mkdir()
    return Cameras({"shots": f"folder:{tmp_path / 'shots'}", "front": "csi:0"})


def put(place: Path, name: str, at: float, data: bytes = b"photo") -> None:
    (place / "shots" / name).write_bytes(data)
    os.utime(place / "shots" / name, (at, at))


def names(page: FolderPage) -> list[str]:
    return [file.name for file in page.files]


def listed(cameras: Cameras, since: float | None = None, until: float | None = None) -> FolderPage:
    return cameras.page("shots", None, since, until)


def test_photos_are_listed_the_newest_first_and_what_is_none_is_left_out(cameras: Cameras, tmp_path: Path) -> None:
    for number, name in enumerate(["old.jpg", "notes.txt", "new.PNG", ".hidden.jpg", "same.webp"]):
        put(tmp_path, name, 1000 + number)
    os.utime(tmp_path / "shots" / "same.webp", (1002, 1002))
    (tmp_path / "shots" / "folder.jpg").mkdir()
    (tmp_path / "shots" / "link.jpg").symlink_to("/etc/hostname")
    page = listed(cameras)
    assert names(page) == ["new.PNG", "same.webp", "old.jpg"] and (page.total, page.unnamed) == (3, 0)
    assert page.files[2] == FolderFile(name="old.jpg", bytes=5, modified=1000.0)


def test_the_times_of_the_files_bound_what_is_listed(cameras: Cameras, tmp_path: Path) -> None:
    for at in (100, 200, 300):
        put(tmp_path, f"{at}.jpg", at)
    assert names(listed(cameras, since=200)) == ["300.jpg", "200.jpg"]
    assert names(listed(cameras, until=200)) == ["100.jpg"]
    assert names(listed(cameras, since=150, until=300)) == ["200.jpg"]


def test_many_photos_come_in_pages_that_each_fit_into_a_reply(
    cameras: Cameras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(FOLDER_PAGE + 3):
        put(tmp_path, f"{number:04}{'ü' * 120}.jpg", 1000 + number % 7)
    first = listed(cameras)
    rest = cameras.page("shots", first.files[-1], None, None)
    together = [*names(first), *names(rest)]
    assert (len(first.files), len(rest.files), first.total) == (FOLDER_PAGE, 3, FOLDER_PAGE + 3)
    assert len(set(together)) == FOLDER_PAGE + 3
    assert len(first.model_dump_json().encode("ascii", "backslashreplace")) < MAX_REPLY_BYTES
    monkeypatch.setattr(folders, "MOST_FILES", 100)
    with pytest.raises(CameraError, match="more than 100 files"):
        listed(cameras)


def test_a_name_that_is_no_text_is_counted_and_not_listed(cameras: Cameras, tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", 1)
    put(tmp_path, os.fsdecode(b"caf\xe9.jpg"), 2)
    put(tmp_path, "two\nlines.jpg", 3)
    assert names(listed(cameras)) == ["a.jpg"] and listed(cameras).unnamed == 2


def test_a_file_is_read_as_it_was_listed(cameras: Cameras, tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", 1000.25, b"first")
    [file] = listed(cameras).files
    assert cameras.photo("shots", file) == b"first"
    put(tmp_path, "a.jpg", 1000.25, b"another")
    with pytest.raises(FileRefused, match=r"a\.jpg in the folder shots was changed") as changed:
        cameras.photo("shots", file)
    (tmp_path / "shots" / "a.jpg").unlink()
    with pytest.raises(FileRefused, match=r"a\.jpg is no longer in the folder shots") as gone:
        cameras.photo("shots", file)
    assert (changed.value.code, gone.value.code) == ("file_changed", "file_gone")


def test_no_name_leads_out_of_the_folder(cameras: Cameras, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    for name in ("../secret.jpg", "/etc/hostname", "a/b.jpg", ""):
        with pytest.raises(ValueError, match="name"):
            FolderFile(name=name, bytes=6, modified=1.0)
    (tmp_path / "shots" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    facts = (tmp_path / "secret.jpg").stat()
    for name in ("link.jpg", ".."):
        with pytest.raises(FileRefused):
            cameras.photo("shots", FolderFile(name=name, bytes=facts.st_size, modified=facts.st_mtime))


def test_a_pipe_in_place_of_a_file_holds_nobody_up(cameras: Cameras, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "shots" / "pipe.jpg")
    assert listed(cameras).total == 0
    with pytest.raises(FileRefused, match="is no file"):
        cameras.photo("shots", FolderFile(name="pipe.jpg", bytes=0, modified=0.0))


def test_what_is_no_folder_or_is_gone_is_a_sentence(cameras: Cameras, tmp_path: Path) -> None:
    assert cameras.is_folder("shots") and not cameras.is_folder("front")
    for name in ("front", "attic"):
        with pytest.raises(CameraError, match=f"no folder of the name {name}"):
            cameras.page(name, None, None, None)
    (tmp_path / "shots").rmdir()
    with pytest.raises(CameraError, match="cannot be read"):
        listed(cameras)
