"""NUL and lone surrogates: a database stores neither, so they are refused at every way in, and never end as a server error."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from devices import dispatch
from devices.contract.jobs import Place
from inference.answering import turns
from inference.planning.llm import failures, prompt
from inference.planning.offline import Context
from webapp.live.errors import UserError
from webapp.live.storable import is_storable

BAD = ("\0", "dog\0", "\ud800", "a\udfffb")
JSON = "application/json"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(owner: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    return client


def is_refused(answer: Any) -> bool:
    return answer.status_code == 422 and (JSON not in answer["Content-Type"] or bool(answer.json()["error"]["next"]))


@pytest.mark.parametrize(
    "text", ["", "plain", "Grüße, 犬 🐶", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")]
)
def test_other_text_is_stored(text: str) -> None:
    assert is_storable({text: [text, {"a": (text, 1, None, True)}]})


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/api/v1/turns", lambda text: {"question": text}),
        ("post", "/api/v1/turns", lambda text: {"question": "What is it?", "node": text}),
        ("post", "/api/v1/turns", lambda text: {"question": "What is it?", text: "a key"}),
        ("post", "/api/v1/nodes/codes", lambda text: {"name": text, "tier": "device"}),
        ("patch", "/api/v1/nodes/jetson-a", lambda text: {"title": text}),
        ("post", "/api/v1/nodes/join", lambda text: {"code": "A", "fingerprint": "01234567", "hostname": text}),
        ("post", "/api/v1/nodes/join", lambda text: {"code": "A", "fingerprint": "01234567", "hardware": {text: text}}),
        ("post", "/api/v1/federation/runs", lambda text: {"dataset": text}),
        ("post", "/devices/add/", lambda text: {"name": text, "tier": "device"}),
    ],
)
def test_a_body_of_json_is_refused(client: Client, method: str, path: str, body: Any, text: str) -> None:
    assert is_refused(getattr(client, method)(path, json.dumps(body(text)), content_type=JSON))


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/conversations?limit=%00",
        "/api/v1/photos?%00=1",
        "/devices/?x=%00",
        "/login/?next=%00",
        "/devices/agent/%00",
        "/static/%00",
        "/%00",
        "/api/%00",
    ],
)
def test_an_address_is_refused(client: Client, path: str) -> None:
    assert client.get(path).status_code in (404, 422)


@pytest.mark.parametrize("path", ["/login/", "/account/", "/admin/login/", "/devices/add/", "/devices/jetson-a/rename/"])
def test_a_form_of_a_page_is_refused(client: Client, path: str) -> None:
    fields = {"username": "a\0b", "password": "x", "name": "a\0b", "title": "a\0b"}
    stranger = Client(raise_request_exception=False)
    assert (client if path != "/login/" else stranger).post(path, fields).status_code == 422


def test_a_field_beside_a_photo_is_refused(client: Client, photo_bytes: bytes) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    photo = SimpleUploadedFile("a.jpg", photo_bytes, "image/jpeg")
    assert is_refused(client.post("/api/v1/photos", {"photo": photo, "node": "a\0b"}))


def test_a_session_cookie_that_spells_nul_is_no_session(client: Client) -> None:
    client.cookies.clear()
    client.cookies[settings.SESSION_COOKIE_NAME] = "a\0bcdefgh"
    assert client.get("/").status_code == 302
    assert client.get("/api/v1/photos").status_code == 401


@pytest.mark.parametrize("text", BAD)
def test_a_question_of_a_command_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="cannot be stored"):
        turns.check(text, "fastest", "")


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("where", [lambda text: {"error": {"code": "x", "message": text}}, lambda text: {"bytes": 1, text: 1}])
def test_a_reply_of_a_node_is_refused(text: str, where: Any) -> None:
    with pytest.raises(dispatch.StageFailed) as failed:
        dispatch.parse_reply("jetson-a", Place(photo="p"), where(text))
    assert is_storable(str(failed.value))


@pytest.mark.parametrize("text", BAD)
def test_a_plan_of_a_language_model_is_refused(text: str) -> None:
    plan = {"steps": [], "why": text}
    with pytest.raises(failures.BadPlan):
        prompt.read(json.dumps(plan), Context(has_photo=True))
