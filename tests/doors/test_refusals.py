"""What the door of chat completions refuses: OpenAI's error shape and statuses, our sentences, and nothing is stored."""

import json
from typing import Any

import httpx
import openai
import pytest

from inference.calls import allowances
from inference.models import Photo, Turn
from inference.photos import store as photo_store
from tests.conftest import draw_photo
from tests.doors.conftest import Worker, asking, data_url
from tests.gate.conftest import answer_of, connected, post, status_of
from webapp.accounts.models import ApiToken
from webapp.chat import conversations
from webapp.chat.models import Conversation
from webapp.gate.bounds import bounds_of

PHOTO = data_url(draw_photo())
TEXT = [asking("What is this?", PHOTO)]
AT_PHOTO = "messages.0.content.0.image_url"


def _url(url: str) -> list[dict[str, Any]]:
    return [asking("What is this?", url)]


# body -> status, code, param, a part of the sentence
WRONG: dict[str, tuple[dict[str, Any], int, str, str | None, str]] = {
    "no model": ({"messages": TEXT}, 400, "invalid_request", "model", "Field required"),
    "no messages": ({"model": "isthmus"}, 400, "invalid_request", "messages", "Field required"),
    "empty messages": ({"messages": []}, 400, "invalid_request", "messages", "at least 1 item"),
    "messages of another type": ({"messages": "hello"}, 400, "invalid_request", "messages", "valid list"),
    "another role": ({"messages": [{"role": "wizard", "content": "x"}]}, 400, "invalid_request", "messages.0.role", "user"),
    "a tool's message": (
        {"messages": [{"role": "tool", "content": "x"}]}, 400, "invalid_request", "messages.0.role", "not a question",
    ),
    "another model": ({"model": "gpt-9", "messages": TEXT}, 404, "model_not_found", "model", "Use one of isthmus, "),
    "several answers": ({"n": 2, "messages": TEXT}, 400, "unsupported_parameter", "n", "one answer"),
    "a tool that must be called": (
        {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required", "messages": TEXT},
        400, "unsupported_parameter", "tool_choice", "call no tools",
    ),
    "log probabilities": ({"logprobs": True, "messages": TEXT}, 400, "unsupported_parameter", "logprobs", "confidence"),
    "JSON as an answer": (
        {"response_format": {"type": "json_object"}, "messages": TEXT},
        400, "unsupported_parameter", "response_format", "plain text",
    ),
    "a photo elsewhere": (
        {"messages": _url("https://example.org/dog.jpg")},
        400, "photo_not_fetched", AT_PHOTO, "fetches no photos from other addresses. Send the photo itself",
    ),
    "a file": ({"messages": _url("file:///etc/passwd")}, 400, "not_a_data_url", AT_PHOTO, "data URL"),
    "an empty address": ({"messages": _url("")}, 400, "not_a_data_url", AT_PHOTO, "data URL"),
    "no base64": (
        {"messages": _url("data:image/jpeg;base64,!!!")}, 400, "not_base64", AT_PHOTO, "not valid base64",
    ),
    "no bytes": ({"messages": _url("data:image/png;base64,")}, 400, "not_base64", AT_PHOTO, "base64"),
    "text as bytes": ({"messages": _url("data:image/png,hello")}, 400, "not_a_data_url", AT_PHOTO, "base64"),
    "no photo in it": ({"messages": _url(data_url(b"hello"))}, 400, "photo_unknown_format", None, "JPEG"),
    "half a photo": ({"messages": _url(data_url(draw_photo()[:2000]))}, 400, "photo_damaged", None, "damaged"),
    "sound": (
        {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
        400, "unsupported_content", "messages.0.content.0.type", "input_audio",
    ),
    "no question": ({"messages": [asking(" ", PHOTO)]}, 400, "empty_question", None, "empty"),
    "an answer last": (
        {"messages": [*TEXT, {"role": "assistant", "content": "A dog."}]},
        400, "invalid_request", "messages.1.role", "not a question",
    ),
    "a long question": ({"messages": [asking("x" * 3000)]}, 400, "question_too_long", None, "limit"),
    "a NUL": ({"messages": [asking("a\0b")]}, 400, "unsupported_character", None, "cannot be stored"),
    "seven photos": (
        {"messages": [asking("What?", *[data_url(draw_photo(number)) for number in range(7)])]},
        400, "too_many_photos", None, "has 7 photos; the limit is 6",
    ),
}  # fmt: skip


@pytest.fixture
def ask(address: str, token: str) -> Any:
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as ours:
        yield lambda **body: ours.post("/v1/chat/completions", **body)


def test_what_cannot_be_asked_is_refused_with_a_sentence(ask: Any) -> None:
    for name, (fields, status, code, param, words) in WRONG.items():
        body = {"model": "isthmus", **fields} if name != "no model" else fields
        for stream in (False, True):
            answer = ask(json={**body, "stream": stream})
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["param"]) == (status, code, param), (name, error)
            assert words in error["message"] and error["message"].endswith((".", "”.", "…”.")), (name, error)
            assert error["type"] == "invalid_request_error"
    assert not Turn.objects.exists() and not Photo.objects.exists() and not Conversation.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b'{"model": 1e999}'])
def test_a_body_that_is_no_request_is_refused(ask: Any, body: bytes) -> None:
    answer = ask(content=body)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer isthmus_wrong"}, {"Authorization": "Basic eA=="}])
@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions", "/v1/x"])
def test_a_stranger_is_refused(address: str, owner: Any, header: dict[str, str], path: str) -> None:
    answer = httpx.request("GET", address + path, headers=header)
    assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("authentication_error", "not_logged_in")
    assert "create a new token on your account page" in error["message"]


def test_a_session_is_no_token(address: str, client_of: Any, owner: Any, settings: Any) -> None:
    """A page of another site could otherwise have a browser ask."""
    session = client_of(owner).cookies[settings.SESSION_COOKIE_NAME].value
    answer = httpx.get(f"{address}/v1/models", cookies={settings.SESSION_COOKIE_NAME: session})
    assert answer.status_code == 401


def test_the_client_raises_its_own_errors(address: str, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="There is no model “gpt-9”"):
        client.models.retrieve("gpt-9")
    with pytest.raises(openai.BadRequestError, match="fetches no photos"):
        client.chat.completions.create(model="isthmus", messages=_url("http://example.org/dog.jpg"))
    stranger = openai.OpenAI(base_url=f"{address}/v1", api_key="isthmus_wrong", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()


def test_another_host_name_is_refused(address: str, token: str) -> None:
    answer = httpx.get(f"{address}/v1/models", headers={"Authorization": f"Bearer {token}", "Host": "evil.example"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_request"


def test_another_method_or_address_is_refused(address: str, token: str) -> None:
    header = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{address}/v1/chat/completions", headers=header).status_code == 405
    missing = httpx.post(f"{address}/v1/embeddings", headers=header, json={})
    assert missing.status_code == 404 and "/v1/chat/completions" in missing.json()["error"]["message"]


def test_too_many_questions_are_a_429_that_says_when_to_try_again(client: openai.OpenAI, owner: Any) -> None:
    owner.turn_limit = 1
    owner.save()
    conversations.ask(owner, "What is in this photo?", photo=photo_store.store(owner, [draw_photo(5)]).pk)
    with pytest.raises(openai.RateLimitError, match="which is your limit") as raised:
        client.chat.completions.create(model="isthmus", messages=TEXT)
    assert int(raised.value.response.headers["retry-after"]) > 0 and raised.value.type == "rate_limit_error"
    assert Photo.objects.count() == 1 and Conversation.objects.count() == 1  # the photo of the refused question is gone again


def test_an_allowance_that_is_used_up_is_a_429(client: openai.OpenAI, owner: Any) -> None:
    allowances.change(owner, ApiToken.objects.get(), {"questions": 1})
    allowances.add(owner.pk, ApiToken.objects.get().pk, questions=1)
    with pytest.raises(openai.RateLimitError, match="1 of 1 questions are used today"):
        client.chat.completions.create(model="isthmus", messages=TEXT)
    assert not Turn.objects.exists() and not Photo.objects.exists()


def test_photos_beyond_the_quota_are_refused(client: openai.OpenAI, owner: Any) -> None:
    owner.storage_limit_mb = 0
    owner.save()
    with pytest.raises(openai.APIStatusError, match="Your photos use") as raised:
        client.chat.completions.create(model="isthmus", messages=TEXT)
    assert raised.value.status_code == 507 and not Turn.objects.exists()


def test_a_body_beyond_the_largest_photo_is_a_413_before_it_is_sent(address: str, token: str) -> None:
    most = bounds_of("/v1/chat/completions").body_bytes
    port = int(address.rpartition(":")[2])
    with connected(port) as connection:
        head = post("/v1/chat/completions", f"Content-Length: {most + 1}", f"Authorization: Bearer {token}")
        connection.sendall(head)
        answer = answer_of(connection)
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert status_of(answer) == 413 and error["type"] == "invalid_request_error" and error["code"] == "too_large"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/mcp"])
def test_a_stranger_cannot_send_megabytes(address: str, owner: Any, path: str) -> None:
    with connected(int(address.rpartition(":")[2])) as connection:
        connection.sendall(post(path, "Content-Length: 5000000", "Authorization: Bearer isthmus_guess"))
        answer = answer_of(connection)
    assert status_of(answer) == 401 and json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "not_logged_in"


def test_a_photo_with_too_many_pixels_is_a_413(client: openai.OpenAI, settings: Any) -> None:
    settings.PHOTO_MAX_PIXELS = 10_000
    with pytest.raises(openai.APIStatusError, match="The photo has more than") as raised:
        client.chat.completions.create(model="isthmus", messages=TEXT)
    assert raised.value.status_code == 413 and not Photo.objects.exists()


def test_a_photo_with_too_many_bytes_is_a_413(client: openai.OpenAI, settings: Any) -> None:
    settings.PHOTO_MAX_BYTES = 5000
    with pytest.raises(openai.APIStatusError, match="The photo is larger than 5000 bytes") as raised:
        client.chat.completions.create(model="isthmus", messages=TEXT)
    assert raised.value.status_code == 413 and not Photo.objects.exists()


def test_the_token_of_a_colleague_asks_for_the_colleague(address: str, colleague: Any, worker: Worker) -> None:
    token = ApiToken.issue(colleague, "program")[1]
    with openai.OpenAI(base_url=f"{address}/v1", api_key=token, max_retries=0) as client:
        client.chat.completions.create(model="isthmus", messages=TEXT)
    assert Turn.objects.get().owner == colleague and Photo.objects.get().owner == colleague
