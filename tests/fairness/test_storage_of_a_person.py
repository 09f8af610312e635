"""The photos of a person take a bounded number of bytes on the server, exactly, and the person sees how many."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Sum

from inference.models import CAMERA, Photo
from inference.photos import quota, store
from tests.conftest import draw_photo
from webapp.accounts.models import User
from webapp.chat import conversations
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db


def upload(client: Any, seed: int = 0) -> Any:
    return client.post("/api/v1/photos", {"photo": SimpleUploadedFile("p.jpg", draw_photo(seed), "image/jpeg")})


def limit_to(person: Any, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """In bytes: a megabyte would take many photos."""
    monkeypatch.setattr(quota, "MB", size)
    User.objects.filter(pk=person.pk).update(storage_limit_mb=1)


def files() -> set[Path]:
    return {path for path in Path(django_settings.PHOTO_DIR).rglob("*") if path.is_file()}


def test_an_upload_beyond_the_limit_is_refused_with_numbers_and_leaves_nothing(
    client_of: Any, owner: Any, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_to(owner, monkeypatch, int(1.5 * photo.bytes))
    before = files()
    answer = upload(client_of(owner), 1)
    assert answer.status_code == 507
    error = answer.json()["error"]
    assert error["code"] == "storage_full" and "of your 1 MB, and this one needs" in error["message"]
    assert "Delete photos or conversations" in error["next"]
    assert Photo.objects.count() == 1 and files() == before


def test_a_full_account_is_refused_before_the_upload_is_read(owner: Any, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_to(owner, monkeypatch, photo.bytes)
    read: list[bytes] = []
    with pytest.raises(UserError, match="Your photos use"):
        store.store(owner, (read.append(b"") or b"" for _ in range(1)))
    assert read == []


def test_deleting_a_photo_makes_room(owner: Any, photo: Photo, photo_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_to(owner, monkeypatch, photo.bytes)
    conversations.delete_photo(photo)
    assert store.store(owner, [photo_bytes]).pk


def test_another_persons_photos_and_those_on_a_device_alone_do_not_count(
    owner: Any, colleague: Any, photo: Photo, photo_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    Photo.objects.create(owner=colleague, width=1, height=1, bytes=10**9, source_format=CAMERA, source_bytes=1)
    limit_to(colleague, monkeypatch, photo.bytes)
    assert quota.of(colleague.pk).used == 0
    assert store.store(colleague, [photo_bytes]).pk


def test_the_account_page_shows_what_is_used(client_of: Any, owner: Any, photo: Photo) -> None:
    page = client_of(owner).get("/account/").content.decode()
    assert f"{photo.bytes / 1e6:,.1f} MB of 2,000 MB" in page and "0 of 20" in page


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_when_uploads_arrive_at_once(
    owner: Any, photo: Photo, photo_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_to(owner, monkeypatch, int(3.5 * photo.bytes))
    refusals: list[str] = []

    def one() -> None:
        try:
            store.store(owner, [photo_bytes])
        except UserError as error:
            refusals.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert refusals == ["storage_full"] * 4 and Photo.objects.count() == 3
    assert Photo.objects.aggregate(sum=Sum("bytes"))["sum"] <= quota.of(owner.pk).limit
