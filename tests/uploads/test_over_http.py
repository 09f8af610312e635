"""Uploading and reading a photo over HTTP."""

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


def _with_metadata() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "SecretCamera"
    return saved(draw(), "JPEG", exif=exif.tobytes())


def test_the_owner_uploads_and_reads_it_back(client_of: Clients, owner: Any) -> None:
    client = client_of(owner)
    response = _upload(client, _with_metadata())
    assert response.status_code == 201
    body = response.json()
    photo = Photo.objects.get()
    assert body["id"] == str(photo.pk) and photo.owner == owner and (photo.width, photo.height) == (64, 96)
    response = client.get(f"/photos/{photo.pk}/")
    data = response.content
    assert response.status_code == 200 and len(data) == photo.bytes and b"SecretCamera" not in data
    assert Image.open(io.BytesIO(data)).size == (64, 96)


def test_the_photo_is_served_so_that_no_script_in_it_can_run(client_of: Clients, owner: Any) -> None:
    photo = store.store(owner, [_with_metadata()])
    headers = client_of(owner).get(f"/photos/{photo.pk}/").headers
    assert headers["Content-Type"] == "image/jpeg" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Content-Disposition"] == f'inline; filename="{photo.pk}.jpg"'
    assert headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("small", ["", "?small=1"])
def test_for_a_colleague_the_photo_does_not_exist(client_of: Clients, owner: Any, colleague: Any, small: str) -> None:
    photo = store.store(owner, [_with_metadata()])
    assert client_of(owner).get(f"/photos/{photo.pk}/{small}").status_code == 200
    assert client_of(colleague).get(f"/photos/{photo.pk}/{small}").status_code == 404


def test_a_stranger_is_redirected_to_the_login(stranger: Any, owner: Any) -> None:
    photo = store.store(owner, [_with_metadata()])
    response = stranger.get(f"/photos/{photo.pk}/")
    assert response.status_code == 302 and response.headers["Location"].startswith("/login/")


def test_a_stranger_cannot_upload(stranger: Any, folder: Path) -> None:
    assert _upload(stranger, _with_metadata()).status_code == 401
    assert not Photo.objects.exists() and not folder.exists()


def test_another_site_cannot_upload_in_somebodys_name(owner: Any) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert _upload(client, _with_metadata()).status_code == 403
    assert not Photo.objects.exists()


def test_the_preview_is_small(client_of: Clients, owner: Any) -> None:
    photo = store.store(owner, [saved(draw("RGB", (1600, 1200)), "JPEG")])
    data = client_of(owner).get(f"/photos/{photo.pk}/?small=1").content
    assert Image.open(io.BytesIO(data)).size == (480, 360)


def test_the_name_and_the_declared_type_are_ignored(client_of: Clients, owner: Any, folder: Path) -> None:
    body = _upload(client_of(owner), saved(draw(), "PNG"), "../../evil.html", "text/html").json()
    photo = Photo.objects.get()
    assert photo.source_format == "PNG" and body["id"] == str(photo.pk)
    assert {file.name for file in folder.iterdir()} == {f"{photo.pk}.jpg", f"{photo.pk}.small.jpg"}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"this is text", 422, "photo_unknown_format"),
        (b"<html><script>alert(1)</script>", 422, "photo_unknown_format"),
        (_with_metadata()[:300], 422, "photo_damaged"),
        (b"", 422, "photo_empty"),
    ],
)
def test_what_is_not_a_photo_is_refused_in_a_sentence(
    client_of: Clients, owner: Any, folder: Path, data: bytes, status: int, code: str
) -> None:
    response = _upload(client_of(owner), data)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"].endswith(".") and error["next"].endswith(".")
    assert not Photo.objects.exists() and not folder.exists()


def test_too_many_bytes_are_413_with_the_limit(client_of: Clients, owner: Any, settings: LazySettings) -> None:
    settings.PHOTO_MAX_BYTES = 1024 * 1024
    response = _upload(client_of(owner), b"\xff\xd8\xff" + bytes(1024 * 1024))
    assert response.status_code == 413
    assert response.json()["error"] == {
        "code": "photo_too_large", "message": "The photo is larger than 1 MB.", "next": "Save it smaller and try again.",
    }  # fmt: skip


def test_too_many_pixels_are_413_too(client_of: Clients, owner: Any, settings: LazySettings) -> None:
    settings.PHOTO_MAX_PIXELS = 1000
    response = _upload(client_of(owner), _with_metadata())
    assert response.status_code == 413 and response.json()["error"]["code"] == "photo_too_many_pixels"


def test_a_form_without_a_photo_names_the_missing_field(client_of: Clients, owner: Any) -> None:
    response = client_of(owner).post("/api/v1/photos", {})
    assert response.status_code == 422 and "photo" in response.json()["error"]["message"]


def test_a_photo_without_its_file_is_not_found(client_of: Clients, owner: Any) -> None:
    photo = store.store(owner, [_with_metadata()])
    photo.path.unlink()
    assert client_of(owner).get(f"/photos/{photo.pk}/").status_code == 404


def test_deleting_removes_row_and_files(owner: Any, folder: Path) -> None:
    store.forget(store.store(owner, [_with_metadata()]))
    assert not Photo.objects.exists() and list(folder.iterdir()) == []


def test_the_api_describes_a_photo_as_json(client_of: Clients, owner: Any) -> None:
    body = _upload(client_of(owner), _with_metadata()).json()
    assert json.loads(json.dumps(body)) == body and {"id", "width", "height"} <= set(body)
