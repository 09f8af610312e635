"""The API of batches: what it makes, what it refuses with which sentence, and what a person sees of it."""

import csv
import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from inference.batches import creation
from inference.batches.models import Batch, Item
from inference.models import Photo, Turn
from inference.scheduling import limits
from tests.batches.conftest import Make, answer_next, claimed
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db
URL = "/api/v1/batches"
Photos = Callable[..., list[Photo]]


def _create(client: Any, photos: list[Any], question: str = "Is there a dog?", **more: Any) -> Any:
    body = {"question": question, "photos": [str(getattr(photo, "pk", photo)) for photo in photos], **more}
    return client.post(URL, body, content_type="application/json")


def _post(client: Any, batch: Any, verb: str) -> Any:
    return client.post(f"{URL}/{batch}/{verb}", {}, content_type="application/json")


def test_a_batch_is_made_from_a_list_of_photos(client_of: Any, owner: Any, photos_of: Photos) -> None:
    photos = photos_of(owner, 3)
    answer = _create(client_of(owner), [photos[2], photos[0], photos[1]], "  Is there a dog? ", policy="private")
    body = answer.json()
    assert answer.status_code == 201 and body["state"] == "running" and body["total"] == 3 and body["repeated"] == 0
    assert body["question"] == "Is there a dog?" and body["plan"]["steps"] and body["policy"] == "private"
    assert list(Item.objects.values_list("photo", flat=True)) == [photos[2].pk, photos[0].pk, photos[1].pk]
    assert set(Turn.objects.values_list("policy", "background")) == {("private", True)}


def test_a_photo_that_is_listed_twice_is_asked_about_once_and_the_answer_says_so(
    client_of: Any, owner: Any, photos_of: Photos
) -> None:
    photos = photos_of(owner, 2)
    body = _create(client_of(owner), [photos[0], photos[1], photos[0], photos[0]]).json()
    assert (body["total"], body["repeated"]) == (2, 2)


def test_a_batch_that_is_asked_afresh_asks_about_each_photo_afresh(client_of: Any, owner: Any, photos_of: Photos) -> None:
    client, photos = client_of(owner), photos_of(owner, 2)
    usual, fresh = _create(client, photos).json(), _create(client, photos, fresh=True).json()
    assert (usual["fresh"], fresh["fresh"]) == (False, True)
    asked = dict(Turn.objects.values_list("conversation", "fresh"))
    assert asked == {uuid.UUID(usual["id"]): False, uuid.UUID(fresh["id"]): True}
    assert client.get(f"{URL}/{fresh['id']}").json()["fresh"] is True


REFUSED = {
    "empty": ({"question": " "}, 422, "empty_question", "The question is empty."),
    "none": ({"photos": []}, 422, "no_photos", "No photo is chosen."),
    "policy": ({"policy": "cheapest"}, 422, "unknown_policy", "There is no policy “cheapest”."),
    "route": ({"route": "moon"}, 422, "unknown_route", "There is no route “moon”."),
    "node": ({"node": "jetson-z"}, 422, "unknown_node", "There is no device “jetson-z”."),
    "training": (
        {"question": "train a digits classifier on 4 devices for 10 rounds"},
        422,
        "no_training",
        "A batch asks about",
    ),
    "no id": ({"photos": ["seven"]}, 422, "invalid_request", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_asked_is_refused_and_nothing_is_stored(
    client_of: Any, owner: Any, photos_of: Photos, name: str
) -> None:
    fields, status, code, sentence = REFUSED[name]
    given: Any = {"photos": [photo.pk for photo in photos_of(owner, 2)], **fields}
    answer = _create(client_of(owner), given.pop("photos"), **given)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code) and error["message"].startswith(sentence), error
    assert not Batch.objects.exists() and not Turn.objects.exists()


def test_a_message_without_steps_is_refused_with_the_planners_sentence(client_of: Any, owner: Any, photos_of: Photos) -> None:
    answer = _create(client_of(owner), photos_of(owner, 1), "Translate this into French.")
    error = answer.json()["error"]
    assert answer.status_code == 422 and error["code"] == "no_steps" and len(error["message"]) > 20
    assert not Batch.objects.exists()


def test_ten_thousand_ids_are_refused_with_the_limit(client_of: Any, owner: Any) -> None:
    answer = _create(client_of(owner), [uuid.uuid4() for _ in range(10_000)])
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "too_many_photos"
    assert "10,000" in answer.json()["error"]["message"] and "2,000" in answer.json()["error"]["message"]


def test_photos_of_others_look_like_photos_that_do_not_exist(
    client_of: Any, owner: Any, colleague: Any, photos_of: Photos
) -> None:
    own, foreign = photos_of(owner, 1), photos_of(colleague, 1)
    errors = [_create(client_of(owner), [*own, other]) for other in (foreign[0].pk, uuid.uuid4())]
    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in errors} == {(404, "unknown_photos")}
    assert str(foreign[0].pk) in errors[0].json()["error"]["message"] and not Batch.objects.exists()


def test_so_many_unfinished_batches_and_no_more(owner: Any, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "MOST_UNFINISHED", 2)
    make(owner, 1)
    make(owner, 1)
    with pytest.raises(UserError, match="2 batches that are not finished"):
        make(owner, 1)
    answer_next()
    make(owner, 1)


def test_nobody_else_sees_or_changes_a_batch(client_of: Any, owner: Any, colleague: Any, make: Make) -> None:
    batch, client = make(owner), client_of(colleague)
    for verb in ("pause", "resume", "stop", "retry"):
        assert _post(client, batch.pk, verb).status_code == 404
    for path in ("", "/items", "/answers.csv", "/answers.json"):
        assert client.get(f"{URL}/{batch.pk}{path}").status_code == 404
    assert client.delete(f"{URL}/{batch.pk}").status_code == 404
    assert client.get(URL).json()["total"] == 0 and client_of(owner).get(URL).json()["total"] == 1
    assert client.get(f"/batches/{batch.pk}/").status_code == 404


def test_pausing_resuming_and_stopping_over_http(client_of: Any, owner: Any, make: Make) -> None:
    batch, client = make(owner, 12), client_of(owner)
    assert _post(client, batch.pk, "resume").json()["error"]["code"] == "not_paused"
    paused = _post(client, batch.pk, "pause").json()
    assert paused["state"] == "paused" and paused["counts"]["waiting"] == 12 and paused["seconds_left"] is None
    assert _post(client, batch.pk, "pause").json()["error"]["code"] == "not_running"
    assert _post(client, batch.pk, "resume").json()["counts"]["running"] == 8
    assert _post(client, batch.pk, "stop").json()["state"] == "stopped"
    assert _post(client, batch.pk, "retry").json()["error"]["code"] == "no_failed"
    assert client.delete(f"{URL}/{batch.pk}").status_code == 204
    assert client.get(f"{URL}/{batch.pk}").status_code == 404 and Photo.objects.count() == 12


def test_items_come_in_pages_sorted_and_filtered(client_of: Any, owner: Any, make: Make) -> None:
    batch, client = make(owner, 6), client_of(owner)
    for text, confidence, certainty, route in (
        ("A dog.", 0.9, "flat", "split"),
        ("A cat.", 0.3, "guess", "device"),
        ("A big dog.", 0.7, "probable", "edge"),
    ):
        answer_next(text, confidence=confidence, certainty=certainty, route=route)
    claimed().failed(UserError("no_device", "No device is online.", "Start one.", 503))

    def numbers(query: str) -> list[int]:
        return [item["number"] for item in client.get(f"{URL}/{batch.pk}/items?{query}").json()["items"]]

    assert numbers("limit=2&offset=1") == [2, 3]
    assert client.get(f"{URL}/{batch.pk}/items?limit=2").json()["total"] == 6
    assert numbers("answer=DOG") == [1, 3]
    assert numbers("certainty=guess") == [2] and numbers("route=edge") == [3] and numbers("state=failed") == [4]
    assert numbers("sort=uncertainty&state=answered") == [2, 3, 1]
    assert numbers("sort=certainty")[:3] == [1, 3, 2]
    assert numbers("answer=%25") == [], "a wildcard is a character"
    assert client.get(f"{URL}/{batch.pk}/items?sort=colour").status_code == 422
    (failed,) = client.get(f"{URL}/{batch.pk}/items?state=failed").json()["items"]
    assert failed["error"] == {"code": "no_device", "message": "No device is online.", "next": "Start one."}
    (first,) = client.get(f"{URL}/{batch.pk}/items?limit=1").json()["items"]
    assert Turn.objects.get(pk=first["turn"]).answer == "A dog."


def test_the_answers_can_be_downloaded(client_of: Any, owner: Any, make: Make) -> None:
    batch, client = make(owner, 2), client_of(owner)
    answer_next("=1+1")
    answer_next("A dog.")
    reply = client.get(f"{URL}/{batch.pk}/answers.csv")
    text = b"".join(reply.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["answer"] for row in rows] == ["'=1+1", "A dog."], "no spreadsheet evaluates an answer"
    assert rows[1]["bytes"] == "400" and rows[1]["route"] == "split" and rows[1]["certainty"] == "flat"
    record = json.loads(client.get(f"{URL}/{batch.pk}/answers.json").content)
    assert record["state"] == "done" and [item["answer"] for item in record["items"]] == ["=1+1", "A dog."]


def test_the_pages_open_with_and_without_batches(client_of: Any, owner: Any, make: Make) -> None:
    client = client_of(owner)
    assert "Your first batch" in client.get("/batches/").content.decode()
    batch = make(owner, 1, "Is there a <b>dog</b>?")
    page = client.get("/batches/").content.decode()
    assert "Your first batch" not in page and "Your batches" in page
    assert "Is there a &lt;b&gt;dog" in client.get(f"/batches/{batch.pk}/").content.decode()
    assert client.get(f"/batches/{uuid.uuid4()}/").status_code == 404


def test_the_limits_of_background_questions_are_their_own(owner: Any, make: Make, settings: Any) -> None:
    settings.BATCH_TURNS = settings.BATCH_TURNS_IN_ALL = 2
    make(owner, 5)
    claimed()
    assert limits.live(owner.pk) == 0 and limits.background_room() == 1
