"""Within the minute in which a deletion can be undone, nothing begins with the photo and nobody is given it."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from inference.answering import tasks
from inference.models import Photo, Turn
from inference.photos import trash
from tests.conftest import draw_photo
from webapp.chat import conversations
from webapp.doors.sent_photos import SentPhotos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Any) -> None:
    settings.PHOTO_DIR = tmp_path / "photos"


@pytest.fixture
def turn(owner: Any, photo: Photo) -> Turn:
    """An answered question about the photo."""
    turn = conversations.ask(owner, "What is it?", photo=photo.pk)
    Turn.objects.update(state="answered", answer="A kite.")
    turn.refresh_from_db()
    return turn


def hide(photo: Photo) -> None:
    assert trash.hide(photo.owner_id, [photo.pk]).photos == [photo.pk]


def test_a_program_that_sends_it_again_gets_a_new_one(owner: Any) -> None:
    data, sent = draw_photo(7), SentPhotos(owner)
    photo = sent.stored(data)
    assert sent.recalled(data) == photo.pk and sent.stored(data).pk == photo.pk
    hide(photo)
    assert sent.recalled(data) is None
    again = sent.stored(data)
    assert again.pk != photo.pk and sent.recalled(data) == again.pk


def test_a_question_about_it_is_neither_answered_again_nor_edited_with_it(api: Client, turn: Turn, photo: Photo) -> None:
    hide(photo)
    refused = api.post(f"/api/v1/turns/{turn.pk}/retry", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "photo_gone")
    api.post(f"/api/v1/turns/{turn.pk}/edit", {"question": "How many?"}, content_type="application/json")
    assert not Turn.objects.filter(photo=photo).exclude(pk=turn.pk).exists()
    trash.restore(photo.owner_id, [photo.pk])
    assert api.post(f"/api/v1/turns/{turn.pk}/retry", {}, content_type="application/json").status_code != 409


def test_neither_a_link_nor_an_export_has_it(
    api: Client, colleague: Any, client_of: Callable[[Any], Client], turn: Turn, photo: Photo
) -> None:
    link = api.post(f"/api/v1/conversations/{turn.conversation}/links", {}, content_type="application/json").json()["url"]
    address = f"{link.removeprefix('http://testserver')}photos/{photo.pk}/"

    def shown() -> tuple[int, list[str]]:
        export = b"".join(api.get(f"/api/v1/conversations/{turn.conversation}/export"))  # type: ignore[arg-type]
        return client_of(colleague).get(address).status_code, zipfile.ZipFile(io.BytesIO(export)).namelist()

    assert shown() == (200, ["photos/photo-1.jpg", "conversation.md"])
    hide(photo)
    assert shown() == (404, ["conversation.md"])


def test_it_is_not_placed_on_a_device(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[int] = []
    monkeypatch.setattr(tasks._preparing, "submit", lambda owner, task: placed.append(owner))
    tasks.prepare(str(photo.pk), "")
    hide(photo)
    tasks.prepare(str(photo.pk), "")
    assert placed == [photo.owner_id], "only before it was deleted"
