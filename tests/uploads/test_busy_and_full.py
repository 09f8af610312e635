"""An upload that cannot be read now, or has no place on the disk: a sentence with the remedy, and nothing left behind."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile

from inference.engine.photos.decoders import Busy, PhotoDecoders
from inference.models import Photo
from inference.photos import intake, store
from tests.uploads.conftest import draw, saved


@pytest.fixture
def upload(client_of: Any, owner: Any, redis_url: str, settings: LazySettings, tmp_path: Path) -> Callable[[bytes], Any]:
    settings.PHOTO_DIR = tmp_path / "photos"
    client = client_of(owner)
    return lambda data: client.post("/api/v1/photos", {"photo": SimpleUploadedFile("p.jpg", data)})


def left(settings: LazySettings) -> list[Path]:
    """Every file below the photo folder and beside it."""
    return [file for file in Path(settings.PHOTO_DIR).parent.rglob("*") if file.is_file()]


def test_a_busy_server_says_when_to_come_back(upload: Any, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any, **__: Any) -> Any:
        raise Busy

    monkeypatch.setattr(PhotoDecoders, "read", busy)
    response = upload(saved(draw(), "JPEG"))
    assert (response.status_code, response.json()["error"]["code"]) == (503, "photos_busy")
    assert int(response.headers["Retry-After"]) > 0 and response.json()["error"]["next"].endswith(".")
    assert not Photo.objects.exists() and left(settings) == []


@pytest.mark.parametrize("step", ["spool", "read", "save"])
def test_a_full_disk_is_a_sentence_and_leaves_no_half_file(
    upload: Any, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    where = {"spool": (intake, "spool"), "read": (PhotoDecoders, "read"), "save": (Path, "replace")}[step]
    monkeypatch.setattr(*where, full)
    response = upload(saved(draw(), "JPEG"))
    assert (response.status_code, response.json()["error"]["code"]) == (507, "disk_full")
    monkeypatch.undo()
    assert not Photo.objects.exists() and left(settings) == []


def test_what_was_on_its_way_is_gone_after_a_refusal_and_after_a_success(upload: Any, settings: LazySettings) -> None:
    assert upload(b"text").status_code == 422 and left(settings) == []
    assert upload(saved(draw(), "JPEG")).status_code == 201 and len(left(settings)) == 2
    assert all(file.stat().st_mode & 0o077 == 0 for file in left(settings))


def test_a_row_that_cannot_be_written_leaves_no_file(
    owner: Any, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PHOTO_DIR = tmp_path / "photos"

    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(Photo, "save", fails)
    with pytest.raises(RuntimeError):
        store.store(owner, [saved(draw(), "JPEG")])
    assert left(settings) == []
