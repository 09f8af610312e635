"""Uploading and reading a photo as a browser and a script do it."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from inference.models import Photo
from inference.photos import store
from tests.uploads.conftest import draw, saved

Clients = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    settings.PHOTO_DIR = tmp_path / "photos"
    return settings.PHOTO_DIR


@pytest.fixture(autouse=True)
def _with_redis(redis_url: str) -> None:
    """Requests are counted against the throttle's limit in the cache."""


def _upload(client: Any, data: bytes, name: str = "photo.jpg", declared: str = "image/jpeg") -> Any:
    return client.post("/api/v1/photos", {"photo": SimpleUploadedFile(name, data, declared)})


def _secretive() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "SecretCamera"
    return saved(draw(), "JPEG", exif=exif.tobytes())


def test_the_owner_uploads_and_reads_it_back(client_of: Clients, owner: Any) -> None:
    client = client_of(owner)
    answer = _upload(client, _secretive())
    assert answer.status_code == 201
    told = answer.json()
    photo = Photo.objects.get()
    assert told["id"] == str(photo.pk) and photo.owner == owner and (photo.width, photo.height) == (64, 96)
    shown = client.get(f"/photos/{photo.pk}/")
    data = shown.content
    assert shown.status_code == 200 and len(data) == photo.bytes and b"SecretCamera" not in data
    assert Image.open(io.BytesIO(data)).size == (64, 96)


def test_the_photo_is_served_so_that_nothing_in_it_can_run(client_of: Clients, owner: Any) -> None:
    photo = store.store(owner, [_secretive()])
    headers = client_of(owner).get(f"/photos/{photo.pk}/").headers
    assert headers["Content-Type"] == "image/jpeg" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Content-Disposition"] == f'inline; filename="{photo.pk}.jpg"'
    assert headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("small", ["", "?small=1"])
def test_for_a_colleague_the_photo_does_not_exist(client_of: Clients, owner: Any, colleague: Any, small: str) -> None:
    photo = store.store(owner, [_secretive()])
    assert client_of(owner).get(f"/photos/{photo.pk}/{small}").status_code == 200
    assert client_of(colleague).get(f"/photos/{photo.pk}/{small}").status_code == 404


def test_a_stranger_is_led_to_the_login(stranger: Any, owner: Any) -> None:
    photo = store.store(owner, [_secretive()])
    answer = stranger.get(f"/photos/{photo.pk}/")
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/login/")


def test_a_stranger_cannot_upload(stranger: Any, folder: Path) -> None:
    assert _upload(stranger, _secretive()).status_code == 401
    assert not Photo.objects.exists() and not folder.exists()


def test_a_page_elsewhere_cannot_upload_in_somebodys_name(owner: Any) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert _upload(client, _secretive()).status_code == 403
    assert not Photo.objects.exists()


def test_the_preview_is_small(client_of: Clients, owner: Any) -> None:
    photo = store.store(owner, [saved(draw("RGB", (1600, 1200)), "JPEG")])
    data = client_of(owner).get(f"/photos/{photo.pk}/?small=1").content
    assert Image.open(io.BytesIO(data)).size == (480, 360)


def test_the_name_and_the_declared_type_are_not_believed(client_of: Clients, owner: Any, folder: Path) -> None:
    told = _upload(client_of(owner), saved(draw(), "PNG"), "../../evil.html", "text/html").json()
    photo = Photo.objects.get()
    assert photo.source_format == "PNG" and told["id"] == str(photo.pk)
    assert {file.name for file in folder.iterdir()} == {f"{photo.pk}.jpg", f"{photo.pk}.small.jpg"}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"this is text", 422, "photo_unknown_format"),
        (b"<html><script>alert(1)</script>", 422, "photo_unknown_format"),
        (_secretive()[:300], 422, "photo_damaged"),
        (b"", 422, "photo_empty"),
    ],
)
def test_what_is_not_a_photo_is_refused_in_a_sentence(
    client_of: Clients, owner: Any, folder: Path, data: bytes, status: int, code: str
) -> None:
    answer = _upload(client_of(owner), data)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["message"].endswith(".") and error["next"].endswith(".")
    assert not Photo.objects.exists() and not folder.exists()


def test_too_many_bytes_are_413_with_the_limit(client_of: Clients, owner: Any, settings: LazySettings) -> None:
    settings.PHOTO_MAX_BYTES = 1024 * 1024
    answer = _upload(client_of(owner), b"\xff\xd8\xff" + bytes(1024 * 1024))
    assert answer.status_code == 413
    assert answer.json()["error"] == {
        "code": "photo_too_large", "message": "The photo is larger than 1 MB.", "next": "Save it smaller and try again.",
    }  # fmt: skip


def test_too_many_pixels_are_413_too(client_of: Clients, owner: Any, settings: LazySettings) -> None:
    settings.PHOTO_MAX_PIXELS = 1000
    answer = _upload(client_of(owner), _secretive())
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "photo_too_many_pixels"


def test_a_form_without_a_photo_is_told_what_is_missing(client_of: Clients, owner: Any) -> None:
    answer = client_of(owner).post("/api/v1/photos", {})
    assert answer.status_code == 422 and "photo" in answer.json()["error"]["message"]


def test_a_photo_whose_file_is_gone_is_not_a_crash(client_of: Clients, owner: Any) -> None:
    photo = store.store(owner, [_secretive()])
    photo.path.unlink()
    assert client_of(owner).get(f"/photos/{photo.pk}/").status_code == 404


def test_forgetting_takes_row_and_files(owner: Any, folder: Path) -> None:
    store.forget(store.store(owner, [_secretive()]))
    assert not Photo.objects.exists() and list(folder.iterdir()) == []


def test_what_the_api_tells_of_a_photo_is_json(client_of: Clients, owner: Any) -> None:
    told = _upload(client_of(owner), _secretive()).json()
    assert json.loads(json.dumps(told)) == told and {"id", "width", "height"} <= set(told)
