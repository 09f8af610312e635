"""POST /api/v1/turns and what it refuses; each refusal is a code, one sentence and what to do next."""

from typing import Any
from uuid import uuid4

import pytest

from inference.models import Photo, Turn
from webapp.chat.models import Conversation


def _ask(client: Any, **fields: Any) -> Any:
    return client.post("/api/v1/turns", fields, content_type="application/json")


def test_a_question_is_stored_queued_and_starts_a_conversation(client_of: Any, owner: Any, photo: Photo) -> None:
    answer = _ask(client_of(owner), question="  What is this?  ", photo=str(photo.pk))
    body = answer.json()
    assert answer.status_code == 202 and body["state"] == "queued" and body["phase"]["name"] == "queued"
    assert Turn.objects.get(pk=body["id"]).question == "What is this?"
    assert Conversation.objects.get(pk=body["conversation"]).title == "What is this?"


def test_a_second_question_is_about_the_last_photo(client_of: Any, owner: Any, turn: Turn) -> None:
    body = _ask(client_of(owner), question="And what colour?", conversation=str(turn.conversation)).json()
    assert body["photo"]["id"] == str(turn.photo_id)


REFUSED = {
    "empty": ({"question": "  \n"}, "empty_question", "Type what you would like to know."),
    "long": ({"question": "x" * 10_000}, "question_too_long", "Shorten it."),
    "node": ({"question": "hi", "node": "jetson-z"}, "unknown_node", "Pick one from the devices page."),
    "policy": ({"question": "hi", "policy": "cheapest"}, "unknown_policy", "Use one of fastest, private, best."),
    "route": ({"question": "hi", "route": "moon"}, "unknown_route", "Use one of device, edge, split."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_invalid_question_is_refused_and_nothing_is_stored(client_of: Any, owner: Any, name: str) -> None:
    fields, code, advice = REFUSED[name]
    answer = _ask(client_of(owner), **fields)
    error = answer.json()["error"]
    assert answer.status_code == 422 and error["code"] == code and error["next"] == advice
    assert error["message"].endswith(".") and error["message"].count(". ") == 0
    assert not Turn.objects.exists() and not Conversation.objects.exists()


def test_a_photo_that_does_not_exist_is_not_found(client_of: Any, owner: Any) -> None:
    answer = _ask(client_of(owner), question="hi", photo=str(uuid4()))
    assert answer.status_code == 404 and answer.json()["error"]["message"] == "There is no such photo."


def test_a_body_that_is_not_json_is_refused_with_a_sentence(client_of: Any, owner: Any) -> None:
    answer = client_of(owner).post("/api/v1/turns", "{", content_type="application/json")
    assert answer.status_code in (400, 422) and set(answer.json()["error"]) == {"code", "message", "next"}


def test_a_missing_question_names_the_field(client_of: Any, owner: Any) -> None:
    error = _ask(client_of(owner)).json()["error"]
    assert error["code"] == "invalid_request" and "question" in error["message"]


def test_a_page_without_the_csrf_token_cannot_ask(owner: Any) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert _ask(client, question="hi").status_code == 403
    assert not Turn.objects.exists()


def test_the_schema_describes_the_operations(client_of: Any, owner: Any) -> None:
    described = client_of(owner).get("/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/turns", "/api/v1/photos", "/api/v1/conversations"} <= set(described)
