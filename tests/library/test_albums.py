"""Albums are created, renamed, filled and deleted by the person they belong to; their photos stay."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inference.models import Album, Photo
from inference.photos import albums
from tests.library.conftest import LIBRARY, ids, post

Add = Callable[..., Photo]


@pytest.fixture
def album(api: Client) -> str:
    return str(post(api, "/albums", name="Kites").json()["id"])


def rename(client: Client, album: str, name: str) -> Any:
    return client.patch(f"{LIBRARY}/albums/{album}", {"name": name}, content_type="application/json")


def test_an_album_lives_from_its_creation_to_its_deletion(api: Client, album: str, add: Add) -> None:
    photos = [str(add(day).pk) for day in (1, 2)]
    assert post(api, f"/albums/{album}/photos", add=photos).json() == {"id": album, "name": "Kites", "photos": 2}
    assert post(api, f"/albums/{album}/photos", remove=photos[:1], add=photos[1:]).json()["photos"] == 1
    assert rename(api, album, "  Kites \t at sea ").json()["name"] == "Kites at sea"
    assert api.get(f"{LIBRARY}/albums").json()["items"] == [{"id": album, "name": "Kites at sea", "photos": 1}]
    assert api.delete(f"{LIBRARY}/albums/{album}").status_code == 204
    assert not Album.objects.exists() and Photo.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("KITES", 409, "album_exists"), (" ", 422, "album_without_name"), ("k" * 81, 422, "album_name_too_long")],
)
def test_a_name_that_cannot_be_is_refused_with_a_sentence(api: Client, album: str, name: str, status: int, code: str) -> None:
    answer = post(api, "/albums", name=name)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    other = post(api, "/albums", name="Other").json()["id"]
    assert rename(api, other, name).json()["error"]["code"] == code


def test_an_album_may_change_the_case_of_its_own_name(api: Client, album: str) -> None:
    assert rename(api, album, "kites").json()["name"] == "kites"


def test_the_number_of_albums_is_bounded(api: Client, album: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(albums, "MOST_ALBUMS", 1)
    assert post(api, "/albums", name="Second").json()["error"]["code"] == "too_many_albums"


def test_two_people_may_use_one_name_and_neither_sees_the_other(
    api: Client, album: str, colleague: Any, client_of: Any, add: Add
) -> None:
    theirs, photo = client_of(colleague), add(1)
    assert post(theirs, "/albums", name="Kites").status_code == 201
    assert rename(theirs, album, "Mine").status_code == 404
    assert theirs.delete(f"{LIBRARY}/albums/{album}").status_code == 404
    assert post(theirs, f"/albums/{album}/photos", add=[]).status_code == 404
    assert ids(theirs.get(f"{LIBRARY}/photos?album={album}")) == []
    own = theirs.get(f"{LIBRARY}/albums").json()["items"][0]["id"]
    assert post(theirs, f"/albums/{own}/photos", add=[str(photo.pk)]).json()["photos"] == 0


def test_albums_go_with_their_person_and_photos_with_their_rows(api: Client, album: str, owner: Any, add: Add) -> None:
    photo = add(1)
    post(api, f"/albums/{album}/photos", add=[str(photo.pk)])
    post(api, "/delete", photos=[str(photo.pk)])
    assert api.get(f"{LIBRARY}/albums").json()["items"][0]["photos"] == 0, "what is hidden is not counted"
    photo.delete()
    assert Album.objects.get().photos.count() == 0
    owner.delete()
    assert not Album.objects.exists()
