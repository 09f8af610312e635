"""Photos: listed in pages, read, downloaded with a token, deleted."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inference.models import CAMERA, Photo, Turn
from inference.photos import store
from webapp.accounts.models import ApiToken
from webapp.chat import conversations

PATH = "/api/v1/photos"


def test_an_uploaded_photo_is_listed_and_read(api: Client, photo_bytes: bytes) -> None:
    uploaded = api.post(PATH, {"photo": SimpleUploadedFile("a.jpg", photo_bytes)}).json()
    row = api.get(f"{PATH}/{uploaded['id']}").json()
    assert api.get(PATH).json() == {"items": [row], "total": 1, "limit": 50, "offset": 0}
    assert (row["width"], row["on_server"], row["devices"]) == (320, True, [])


def test_pages_do_not_overlap(api: Client, owner: Any, photo_bytes: bytes) -> None:
    rows = [store.store(owner, [photo_bytes]) for _ in range(3)]
    first, second = (api.get(f"{PATH}?limit=2&offset={offset}").json() for offset in (0, 2))
    assert (first["total"], len(first["items"]), len(second["items"])) == (3, 2, 1)
    assert {item["id"] for item in first["items"] + second["items"]} == {str(row.pk) for row in rows}


def test_a_page_cannot_be_larger_than_the_limit(api: Client) -> None:
    assert api.get(f"{PATH}?limit=201").status_code == 422
    assert api.get(f"{PATH}?offset=-1").status_code == 422


def test_a_script_downloads_the_file(owner: Any, photo: Photo) -> None:
    _, plain = ApiToken.issue(owner, "script")
    script = Client(headers={"Authorization": f"Bearer {plain}"})
    whole, small = script.get(f"{PATH}/{photo.pk}/file"), script.get(f"{PATH}/{photo.pk}/file?small=true")
    assert whole.content == photo.path.read_bytes() and small.content == photo.small_path.read_bytes()


def test_a_photo_on_a_device_alone_has_no_file(api: Client, photo: Photo) -> None:
    Photo.objects.filter(pk=photo.pk).update(source_format=CAMERA, placed={"jetson-a": {}})
    answer = api.get(f"{PATH}/{photo.pk}/file")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Only jetson-a has this photo.")


def test_deleting_a_photo_keeps_the_answers_about_it(api: Client, owner: Any, photo: Photo) -> None:
    turn = conversations.ask(owner, "What is this?", photo=photo.pk)
    busy = api.delete(f"{PATH}/{photo.pk}")
    assert (busy.status_code, busy.json()["error"]["code"]) == (409, "photo_in_use")
    Turn.objects.filter(pk=turn.pk).update(state="answered", answer="A dog.")
    assert api.delete(f"{PATH}/{photo.pk}").status_code == 204
    assert not photo.path.exists() and not Photo.objects.exists()
    turn_body = api.get(f"/api/v1/turns/{turn.pk}").json()
    assert (turn_body["photo"], turn_body["answer"]) == (None, "A dog.")


def test_a_colleague_neither_sees_nor_deletes_it(colleague: Any, client_of: Callable[[Any], Client], photo: Photo) -> None:
    client = client_of(colleague)
    assert client.get(PATH).json()["total"] == 0
    for answer in (
        client.get(f"{PATH}/{photo.pk}"),
        client.get(f"{PATH}/{photo.pk}/file"),
        client.delete(f"{PATH}/{photo.pk}"),
    ):
        assert answer.status_code == 404
    assert photo.path.exists()
