"""A batch of an album, of a search, of what the library's filters leave: what the person may see when it is created."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inference.batches import feeding
from inference.batches.models import Batch, Item
from inference.models import Photo, Turn
from inference.photos import albums, trash
from inference.search.text import bundled_text
from tests.batches.conftest import Make, answer_next, counts
from tests.library.test_searching import remember

pytestmark = pytest.mark.django_db
URL = "/api/v1/batches"
Photos = Callable[..., list[Photo]]


def create(client: Client, **source: Any) -> Any:
    return client.post(URL, {"question": "Is there a dog?", **source}, content_type="application/json")


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def asked_about() -> list[uuid.UUID | None]:
    return list(Item.objects.order_by("number").values_list("photo", flat=True))


def aged(photos: list[Photo]) -> list[Photo]:
    """The first is the newest, a day apart."""
    for days, photo in enumerate(photos):
        photo.created = timezone.now() - timedelta(days=days)
        Photo.objects.filter(pk=photo.pk).update(created=photo.created, slot=int(photo.created.timestamp()) // 900)
    return photos


@pytest.fixture
def album(owner: Any, photos_of: Photos) -> Any:
    """Of two photos; a third is in no album."""
    row = albums.create(owner.pk, "Kites")
    row.photos.add(*photos_of(owner, 2))
    photos_of(owner, 1)
    return row


@pytest.fixture
def dogs(owner: Any, photos_of: Photos) -> list[Photo]:
    """Two photos that look exactly like the words; a third one looks like others."""
    photos = photos_of(owner, 3)
    for photo, words in zip(photos, ("a dog", "a dog", "a red car"), strict=True):
        remember(photo, bundled_text().unit(words))
    return photos[:2]


def test_an_album_is_asked_about_as_a_whole(client_of: Any, owner: Any, album: Any) -> None:
    answer = create(client_of(owner), album=str(album.pk))
    assert answer.status_code == 201 and answer.json()["total"] == 2, answer.content
    assert set(asked_about()) == set(album.photos.values_list("pk", flat=True))


def test_what_a_search_finds_is_asked_about(client_of: Any, owner: Any, dogs: list[Photo]) -> None:
    assert create(client_of(owner), search="photos of a dog").json()["total"] == 2
    assert set(asked_about()) == {photo.pk for photo in dogs}


def test_a_search_within_an_album_and_photos_like_one(client_of: Any, owner: Any, album: Any, dogs: list[Photo]) -> None:
    client = client_of(owner)
    album.photos.add(dogs[0])
    assert create(client, library={"q": "a dog", "album": str(album.pk)}).json()["total"] == 1
    assert asked_about() == [dogs[0].pk]
    assert create(client, library={"alike": str(dogs[0].pk)}).json()["total"] == 1
    assert asked_about() == [dogs[0].pk, dogs[1].pk]


def test_the_librarys_filters_leave_the_newest_first(client_of: Any, owner: Any, photos_of: Photos) -> None:
    client, photos = client_of(owner), aged(photos_of(owner, 4))
    Photo.objects.filter(pk__in=[photos[0].pk, photos[2].pk, photos[3].pk]).update(favourite=True)
    since = (photos[2].created - timedelta(minutes=1)).isoformat()
    assert create(client, library={"favourites": True, "since": since}).json()["total"] == 2
    assert asked_about() == [photos[0].pk, photos[2].pk]
    assert create(client, library={}).json()["total"] == 4, "without a filter: all of them"


def test_of_a_conversation_its_photos_are_asked_about(client_of: Any, owner: Any, colleague: Any, photos_of: Photos) -> None:
    conversation, photos = uuid.uuid4(), photos_of(owner, 3)
    for photo in (photos[0], photos[0], photos[1]):
        Turn.objects.create(owner=owner, conversation=conversation, photo=photo, question="?", state="answered")
    client = client_of(owner)
    listed = client.get("/api/v1/library/photos", {"conversation": str(conversation)}).json()["items"]
    assert {item["id"] for item in listed} == {str(photos[0].pk), str(photos[1].pk)} and len(listed) == 2
    slots = client.get("/api/v1/library/slots", {"conversation": str(conversation)}).json()["slots"]
    assert sum(count for _, count in slots) == 2, "a photo counts once, however often it was asked about"
    assert create(client, library={"conversation": str(conversation)}).json()["total"] == 2
    assert refusal(create(client_of(colleague), library={"conversation": str(conversation)})) == (422, "no_photos")


def test_albums_and_photos_of_others_look_as_if_they_did_not_exist(
    client_of: Any, colleague: Any, album: Any, dogs: list[Photo]
) -> None:
    client = client_of(colleague)
    for source in ({"album": str(album.pk)}, {"library": {"album": str(album.pk)}}, {"library": {"alike": str(dogs[0].pk)}}):
        assert refusal(create(client, **source)) == (404, "not_found")
    assert refusal(create(client, search="a dog")) == (422, "no_photos")
    assert not Batch.objects.exists()


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "nothing": ({}, 422, "no_photos"),
    "two ways": ({"search": "a dog", "library": {}}, 422, "several_sources"),
    "no words": ({"search": ""}, 400, "no_words"),
    "nothing fits": ({"search": "a submarine"}, 422, "no_photos"),
    "two searches": ({"library": {"q": "a dog", "alike": str(uuid.uuid4())}}, 422, "invalid_request"),
    "a day without a zone": ({"library": {"since": "2026-01-01"}}, 422, "invalid_request"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_names_no_photos_is_refused(client_of: Any, owner: Any, dogs: list[Photo], name: str) -> None:
    source, status, code = REFUSED[name]
    assert refusal(create(client_of(owner), **source)) == (status, code)
    assert not Batch.objects.exists()


def test_more_than_a_batch_takes_is_refused_with_a_remedy(client_of: Any, owner: Any, photos_of: Photos, settings: Any) -> None:
    settings.BATCH_PHOTOS = 3
    photos_of(owner, 4)
    error = create(client_of(owner), library={}).json()["error"]
    assert error["message"] == "These are 4 photos; a batch has at most 3." and error["next"].startswith("Narrow it down")
    page = client_of(owner).get("/batches/?from=library")
    assert "These are 4 photos; a batch has at most 3." in page.context["boot"]["library"]["error"]


def test_a_deleted_photo_is_in_no_batch(client_of: Any, owner: Any, album: Any) -> None:
    client, [gone, stays] = client_of(owner), list(album.photos.all())
    trash.hide(owner.pk, [gone.pk])
    assert refusal(create(client, photos=[str(gone.pk)])) == (404, "unknown_photos")
    assert create(client, album=str(album.pk)).json()["total"] == 1 and asked_about() == [stays.pk]


def test_a_photo_that_is_deleted_before_its_turn_is_not_asked_about(
    client_of: Any, owner: Any, make: Make, settings: Any
) -> None:
    settings.BATCH_TURNS = 1
    batch = make(owner, 5)
    photos = asked_about()
    last = photos[4]
    assert last is not None and trash.hide(owner.pk, [last]).photos == [last]
    for _ in range(4):
        answer_next()
    feeding.sweep()
    assert counts(batch) == {"answered": 4, "failed": 1}
    item = client_of(owner).get(f"{URL}/{batch.pk}/items?state=failed").json()["items"][0]
    assert item["photo"] is None and item["error"]["code"] == "photo_gone"
    trash.restore(owner.pk, [last])
    client_of(owner).post(f"{URL}/{batch.pk}/retry", {}, content_type="application/json")
    answer_next()
    assert counts(batch) == {"answered": 5}, "it is there again"


def test_the_page_has_what_the_library_showed(client_of: Any, owner: Any, album: Any, dogs: list[Photo]) -> None:
    client = client_of(owner)
    boot = client.get("/batches/", {"from": "library", "album": str(album.pk)}).context["boot"]["library"]
    assert (boot["total"], len(boot["photos"]), boot["album"]) == (2, 2, "Kites") and boot["query"] == {"album": str(album.pk)}
    assert client.get("/batches/?from=library&q=a+dog").context["boot"]["library"]["total"] == 2
    for address in ("album=seven", "since=yesterday", f"album={uuid.uuid4()}", "q=a+submarine"):
        assert client.get(f"/batches/?from=library&{address}").context["boot"]["library"]["error"]
    boot = client.get("/batches/").context["boot"]
    assert boot["library"] is None and boot["selection"] is False
    assert client.get("/batches/?from=selection").context["boot"]["selection"] is True
