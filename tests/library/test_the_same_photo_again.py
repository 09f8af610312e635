"""A photo is one photo of its person, however often it is uploaded: recognised by the pixels that are stored."""

import io
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from inference.models import CAMERA, Photo
from inference.photos import digests, quota, store
from tests.conftest import draw_photo
from tests.library.conftest import post

PHOTOS = "/api/v1/photos"


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.PHOTO_DIR = tmp_path / "photos"


def upload(client: Client, data: bytes, **form: Any) -> Any:
    return client.post(PHOTOS, {"photo": SimpleUploadedFile("a.jpg", data), "library": "true", **form})


def with_metadata(data: bytes) -> bytes:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010E] = "a kite"
    image = Image.open(io.BytesIO(data))
    image.save(out, "PNG", exif=exif)
    return out.getvalue()


def test_uploaded_thrice_it_is_one_photo_and_the_answer_says_so(api: Client) -> None:
    answers = [upload(api, draw_photo(5)) for _ in range(3)]
    assert [(answer.status_code, answer.json()["already_there"]) for answer in answers] == [
        (201, False),
        (200, True),
        (200, True),
    ]
    assert len({answer.json()["id"] for answer in answers}) == 1
    photo = Photo.objects.get()
    assert photo.kept and {file.name for file in photo.path.parent.iterdir()} == {photo.path.name, photo.small_path.name}


def test_other_metadata_and_another_format_make_no_other_photo(api: Client) -> None:
    """A lossless copy of the pixels, with a description."""
    assert upload(api, draw_photo(5)).json()["id"] == upload(api, with_metadata(draw_photo(5))).json()["id"]
    assert upload(api, draw_photo(6)).status_code == 201


def test_two_people_have_their_own_and_one_does_not_learn_of_the_other(api: Client, colleague: Any, client_of: Any) -> None:
    assert upload(api, draw_photo(5)).status_code == upload(client_of(colleague), draw_photo(5)).status_code == 201
    assert Photo.objects.count() == 2


def test_a_copy_is_stored_where_one_is_asked_for(api: Client) -> None:
    assert [upload(api, draw_photo(5), again="true").status_code for _ in range(2)] == [201, 201]


def test_one_that_was_just_deleted_is_there_again(api: Client) -> None:
    first = upload(api, draw_photo(5)).json()["id"]
    post(api, "/delete", photos=[first])
    assert upload(api, draw_photo(5)).json()["id"] == first
    assert Photo.visible.count() == 1


def test_one_from_a_question_goes_into_the_library_and_one_asked_about_again_lives_on(api: Client) -> None:
    first = upload(api, draw_photo(5), library="false").json()["id"]
    yesterday = timezone.now() - timedelta(hours=23)
    Photo.objects.update(created=yesterday)
    assert upload(api, draw_photo(5), library="false").json()["already_there"]
    photo = Photo.objects.get(pk=first)
    assert photo.created > yesterday and not photo.kept
    assert upload(api, draw_photo(5)).json()["already_there"]
    assert Photo.objects.get().kept


def test_it_takes_no_further_room(api: Client, owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(api, draw_photo(5))
    monkeypatch.setattr(quota, "MB", int(1.5 * Photo.objects.get().bytes))
    owner.storage_limit_mb = 1
    owner.save()
    assert upload(api, draw_photo(5)).status_code == 200
    assert upload(api, draw_photo(6)).status_code == 507


@pytest.mark.django_db(transaction=True)
def test_uploaded_at_once_it_is_one_photo(owner: Any) -> None:
    stored: list[store.Stored] = []

    def add() -> None:
        stored.append(store.add(owner, [draw_photo(5)]))
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.is_new for each in stored) == [False, False, False, True]
    assert Photo.objects.count() == 1 and Photo.objects.get().path.exists()
    assert len(list(Photo.objects.get().path.parent.iterdir())) == 2


def test_photos_of_earlier_versions_are_recognised_once_their_digests_are_known(api: Client, owner: Any) -> None:
    old, lost = store.store(owner, [draw_photo(5)]), store.store(owner, [draw_photo(6)])
    far = Photo.objects.create(owner=owner, width=1, height=1, bytes=1, source_format=CAMERA, source_bytes=1)
    lost.path.unlink()
    known = old.digest
    Photo.objects.update(digest=None)
    assert digests.fill(0) == 0, "no time, so it comes later"
    assert digests.fill(10) == 2 and digests.fill(10) == 0
    assert [Photo.objects.get(pk=row.pk).digest for row in (old, lost, far)] == [known, digests.NONE, digests.NONE]
    assert upload(api, draw_photo(5)).json()["id"] == str(old.pk)


def test_of_rubbish_among_photos_each_file_is_refused_with_its_reason(api: Client) -> None:
    rubbish = {"photo_empty": b"", "photo_unknown_format": b"no photo at all" * 10, "photo_damaged": draw_photo(7)[:900]}
    for code, data in rubbish.items():
        answer = upload(api, data)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code) and answer.json()["error"]["next"]
    assert not Photo.objects.exists()
