"""A deleted photo is hidden at once, comes back within a minute if its owner says so, and is erased after that."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from inference.model_jobs import photo_source
from inference.model_jobs.tables import ModelJob
from inference.models import Photo, PhotoTrace, Turn
from inference.photos import earlier, store, trash
from tests.conftest import draw_photo
from tests.library.conftest import LIBRARY, ids, post
from webapp.accounts.models import AuditEntry
from webapp.chat import conversations
from webapp.chat.models import Conversation
from webapp.ops.retention import pruning

ADDRESSES = (("/photos", "/"), ("/api/v1/photos", ""), (f"{LIBRARY}/photos", ""))


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.PHOTO_DIR = tmp_path / "photos"


def over() -> None:
    """The minute of every hidden photo."""
    Photo.objects.filter(hidden_at__isnull=False).update(hidden_at=timezone.now() - trash.UNDO)


def delete(api: Client, *photos: Photo) -> Any:
    return post(api, "/delete", photos=[str(photo.pk) for photo in photos]).json()


def test_it_is_hidden_everywhere_at_once_and_is_there_again_after_an_undo(api: Client, owner: Any, photo: Photo) -> None:
    turn = conversations.ask(owner, "What is it?", photo=photo.pk)
    Turn.objects.update(state="answered")
    later = conversations.ask(owner, "And this?", conversation=turn.conversation)
    Turn.objects.update(state="answered")
    name = str(photo.pk)

    def shown() -> list[bool]:
        return [
            name in ids(api.get(f"{LIBRARY}/photos")),
            name in ids(api.get("/api/v1/photos")),
            *(api.get(f"{place}/{name}{end}").status_code == 200 for place, end in ADDRESSES),
            api.get(f"/api/v1/turns/{turn.pk}").json()["photo"] is not None,
            bool(earlier.photos_before(Turn(conversation=turn.conversation, created=timezone.now()))),
            f'"{name}", "url"' in api.get(f"/?photos={name}").content.decode(),
            photo.path in photo_source.files(ModelJob(owner=owner, photos="own")),
        ]

    assert all(shown()), shown()
    assert later.photo_id == photo.pk
    answer = delete(api, photo)
    assert (answer["photos"], answer["busy"]) == ([name], [])
    assert not any(shown()), shown()
    assert photo.path.exists(), "nothing is lost yet"
    assert conversations.ask(owner, "And now?", conversation=turn.conversation).photo is None
    assert name in api.get("/library/").content.decode(), "the page still offers the undo after a reload"
    assert post(api, "/restore", photos=[name]).json()["photos"] == [name]
    assert all(shown()), shown()


def test_it_is_erased_when_the_minute_is_over_and_not_before(api: Client, owner: Any, photo: Photo) -> None:
    PhotoTrace.record(photo.pk, "jetson-a")
    delete(api, photo)
    assert trash.erase_due() == 0 and Photo.objects.filter(pk=photo.pk).exists()
    over()
    assert trash.erase_due() == 1 and trash.erase_due() == 0
    assert not photo.path.exists() and not photo.small_path.exists()
    assert PhotoTrace.objects.get(node="jetson-a").deleted, "the node is asked to delete it, too"
    assert AuditEntry.objects.filter(action="deleted", kind="photo", name=str(photo.pk), actor=owner).count() == 1
    assert post(api, "/restore", photos=[str(photo.pk)]).json()["photos"] == []


def test_what_was_restored_is_not_erased(api: Client, photo: Photo) -> None:
    delete(api, photo)
    post(api, "/restore", photos=[str(photo.pk)])
    over()
    assert trash.erase_due() == 0 and photo.path.exists()


def test_a_photo_that_is_being_asked_about_stays_and_the_others_go(api: Client, owner: Any, photo: Photo) -> None:
    other = store.store(owner, [draw_photo(2)])
    conversations.ask(owner, "What is it?", photo=photo.pk)
    answer = delete(api, photo, other)
    assert (answer["photos"], answer["busy"]) == ([str(other.pk)], [str(photo.pk)])


def test_a_question_asked_at_the_last_moment_is_answered_before_its_photo_goes(api: Client, owner: Any, photo: Photo) -> None:
    delete(api, photo)
    over()
    turn = Turn.objects.create(conversation=photo.pk, owner=owner, photo=photo, question="?", state="running")
    assert trash.erase_due() == 0
    Turn.objects.filter(pk=turn.pk).update(state="answered")
    assert trash.erase_due() == 1


def test_answers_about_an_erased_photo_stay(api: Client, owner: Any, photo: Photo) -> None:
    turn = conversations.ask(owner, "What is it?", photo=photo.pk)
    Turn.objects.update(state="answered", answer="A kite.")
    delete(api, photo)
    over()
    trash.erase_due()
    body = api.get(f"/api/v1/turns/{turn.pk}").json()
    assert (body["photo"], body["answer"]) == (None, "A kite.")


def test_the_photos_of_a_deleted_person_go_also_while_hidden(api: Client, owner: Any, photo: Photo) -> None:
    delete(api, photo)
    owner.delete()
    assert not photo.path.exists() and not Photo.objects.exists()


def test_retention_deletes_what_was_only_added_to_a_question_and_keeps_the_library(
    api: Client, owner: Any, add: Callable[..., Photo]
) -> None:
    unused, kept, liked, filed = add(1), add(1, kept=True), add(1, favourite=True), add(1)
    rescued = add(1)
    album = post(api, "/albums", name="Kites").json()["id"]
    post(api, f"/albums/{album}/photos", add=[str(filed.pk)])
    assert api.get(f"{LIBRARY}/photos/{unused.pk}").json()["expires"] == "2026-11-02T12:00:00Z"
    assert api.get(f"{LIBRARY}/photos/{kept.pk}").json()["expires"] is None
    post(api, "/keep", photos=[str(rescued.pk)])
    Photo.objects.update(created=timezone.now() - timedelta(days=2))
    pruning.run()
    assert set(Photo.objects.all()) == {kept, liked, filed, rescued}


def test_a_deleted_conversation_takes_its_photos_but_none_of_the_library(api: Client, owner: Any) -> None:
    plain, kept = store.store(owner, [draw_photo(3)]), store.add(owner, [draw_photo(4)], kept=True).photo
    conversation = Conversation.objects.create(owner=owner)
    for photo in (plain, kept):
        Turn.objects.create(conversation=conversation.pk, owner=owner, photo=photo, question="?", state="answered")
    conversations.delete(conversation)
    assert list(Photo.objects.all()) == [kept] and kept.path.exists() and not plain.path.exists()
