"""One question about several photos: asked, refused, followed, edited, exported, shared, deleted."""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from inference.answering.planner_usage import context_of
from inference.models import Photo, QuestionPhoto, Turn
from inference.photos import keeping, library, store, trash
from inference.photos.earlier import count_before, photos_before, photos_of
from tests.conftest import draw_photo
from webapp.chat import conversations
from webapp.chat.library import editing
from webapp.chat.models import Conversation
from webapp.library import photo_facts
from webapp.live.errors import UserError

QUESTION = "Which one shows a dog?"


@pytest.fixture
def photos(owner: Any) -> list[Photo]:
    return [store.store(owner, [draw_photo(seed)]) for seed in (71, 72, 73)]


@pytest.fixture
def several(owner: Any, photos: list[Photo]) -> Turn:
    return conversations.ask(owner, QUESTION, photos=[photo.pk for photo in photos])


def _ask(client: Any, **fields: Any) -> Any:
    return client.post("/api/v1/turns", {"question": QUESTION, **fields}, content_type="application/json")


def test_the_photos_are_stored_in_their_order(client_of: Any, owner: Any, photos: list[Photo]) -> None:
    body = _ask(client_of(owner), photos=[str(photo.pk) for photo in photos]).json()
    assert [(photo["id"], photo["number"]) for photo in body["photos"]] == [(str(p.pk), n) for n, p in enumerate(photos, 1)]
    assert body["photo"]["id"] == str(photos[-1].pk)
    assert client_of(owner).get(f"/api/v1/turns/{body['id']}").json()["photos"] == body["photos"]


def test_one_photo_is_as_before(client_of: Any, owner: Any, photos: list[Photo]) -> None:
    name = str(photos[0].pk)
    bodies = [_ask(client_of(owner), **fields).json() for fields in ({"photo": name}, {"photos": [name]})]
    assert [[photo["id"] for photo in body["photos"]] for body in bodies] == [[name], [name]]
    assert not QuestionPhoto.objects.exists()


REFUSED: dict[str, tuple[Callable[[list[str]], dict[str, Any]], int, str, str]] = {
    "seven": (
        lambda _: {"photos": [str(uuid4()) for _ in range(7)]},
        422,
        "too_many_photos",
        "has 7 photos; the limit is 6.",
    ),
    "twice": (lambda ids: {"photos": [ids[0], ids[1], ids[0]]}, 422, "same_photo", "in this question twice."),
    "both fields": (lambda ids: {"photos": ids[:2], "photo": ids[2]}, 422, "photo_and_photos", "either “photo” or “photos”."),
    "gone": (lambda ids: {"photos": [ids[0], str(uuid4())]}, 404, "not_found", "There is no such photo."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_asked_is_refused_and_nothing_is_stored(
    client_of: Any, owner: Any, photos: list[Photo], name: str
) -> None:
    fields, status, code, words = REFUSED[name]
    answer = _ask(client_of(owner), **fields([str(photo.pk) for photo in photos]))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code) and words in error["message"]
    assert not Turn.objects.exists() and not Conversation.objects.exists()


def test_a_photo_of_somebody_else_is_not_found(client_of: Any, colleague: Any, owner: Any, photos: list[Photo]) -> None:
    own = store.store(colleague, [draw_photo(74)])
    answer = _ask(client_of(colleague), photos=[str(own.pk), str(photos[0].pk)])
    assert answer.status_code == 404 and not Turn.objects.exists()


def test_a_photo_that_was_just_deleted_is_not_found(client_of: Any, owner: Any, photos: list[Photo]) -> None:
    trash.hide(owner.pk, [photos[1].pk])
    assert _ask(client_of(owner), photos=[str(photo.pk) for photo in photos]).status_code == 404


def test_the_planner_knows_of_them_and_looks_back_at_them(owner: Any, photos: list[Photo], several: Turn) -> None:
    before = store.store(owner, [draw_photo(75)])
    later = conversations.ask(owner, "What is this?", photo=before.pk, conversation=several.conversation)
    both = conversations.ask(owner, "Compare them", photos=[photos[0].pk, photos[1].pk], conversation=several.conversation)
    assert (context_of(several).photos, context_of(several).earlier_photos) == (3, 2)
    assert photos_before(several) == [photos[1], photos[0]]
    assert (context_of(later).photos, photos_before(later)) == (1, photos[::-1])
    assert photos_before(both) == [photos[0], before, photos[2]] and count_before(both, photos_of(both)) == 3
    assert context_of(both).photos == 2


def test_a_further_question_is_about_the_same_photos(owner: Any, photos: list[Photo], several: Turn) -> None:
    later = conversations.ask(owner, "And a cat?", conversation=several.conversation)
    assert photos_of(later) == photos
    photos[1].delete()
    assert photos_of(conversations.ask(owner, "A bird?", conversation=several.conversation)) == [photos[0], photos[2]]


def test_an_edited_question_keeps_its_photos(owner: Any, photos: list[Photo], several: Turn, answer: Any) -> None:
    later = editing.edit(answer(several, "The first."), "Which one shows a cat?")
    assert photos_of(later) == photos


def test_the_export_has_every_photo(client_of: Any, owner: Any, photos: list[Photo], several: Turn) -> None:
    body = b"".join(client_of(owner).get(f"/api/v1/conversations/{several.conversation}/export"))
    archive = zipfile.ZipFile(io.BytesIO(body))
    text = archive.read("conversation.md").decode()
    names = [f"photos/photo-{number}.jpg" for number in (1, 2, 3)]
    assert [archive.read(name) for name in names] == [photo.path.read_bytes() for photo in photos]
    assert [text.index(name) for name in names] == sorted(text.index(name) for name in names)


def test_a_link_shows_every_photo(client_of: Any, owner: Any, colleague: Any, photos: list[Photo], several: Turn) -> None:
    made = (
        client_of(owner).post(f"/api/v1/conversations/{several.conversation}/links", {}, content_type="application/json").json()
    )
    path = made["url"].removeprefix("http://testserver")
    shared = client_of(colleague).get(f"/api/v1{path.rstrip('/')}").json()["turns"][0]["photos"]
    assert [client_of(colleague).get(photo["url"]).content for photo in shared] == [photo.path.read_bytes() for photo in photos]
    other = store.store(owner, [draw_photo(76)])
    assert client_of(colleague).get(f"{path}photos/{other.pk}/").status_code == 404


def test_a_photo_of_a_question_under_way_is_not_deleted(owner: Any, photos: list[Photo], several: Turn) -> None:
    with pytest.raises(UserError, match="is being answered"):
        conversations.delete_photo(photos[0])
    assert trash.hide(owner.pk, [photo.pk for photo in photos]).busy == sorted(photo.pk for photo in photos)
    Photo.objects.filter(pk=photos[0].pk).update(hidden_at=timezone.now() - 2 * trash.UNDO)
    assert trash.erase_due() == 0
    Turn.objects.update(state="answered")
    assert trash.erase_due() == 1


def test_the_others_keep_their_numbers_without_one(client_of: Any, owner: Any, photos: list[Photo], several: Turn) -> None:
    Turn.objects.update(state="answered")
    conversations.delete_photo(photos[0])
    body = client_of(owner).get(f"/api/v1/turns/{several.pk}").json()
    assert [photo["number"] for photo in body["photos"]] == [2, 3]
    assert photos_of(Turn.objects.get()) == [None, *photos[1:]]


def test_none_of_them_is_unused_until_the_conversation_is_deleted(owner: Any, photos: list[Photo], several: Turn) -> None:
    kept = photos[1]
    library.keep(owner.pk, [kept.pk])
    assert not keeping.unused().exists()
    assert not library.rows(owner.pk, library.Filters(unasked=True)).exists()
    assert [row["title"] for row in photo_facts.conversations(photos[0])] == [QUESTION]
    conversations.delete(Conversation.objects.get())
    assert list(Photo.objects.all()) == [kept] and not QuestionPhoto.objects.exists()
