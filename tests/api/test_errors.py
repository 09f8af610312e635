"""Every failure is one sentence and the next step: JSON in the API, a page elsewhere, the same words in both."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from ninja.throttling import BaseThrottle

from tests.openapi import check
from webapp import errors
from webapp.live.errors import UserError
from webapp.live.outages import DATABASE_UNAVAILABLE

ERROR = {"$ref": "#/components/schemas/ErrorResponse"}
TURNS = "/api/v1/turns"
JSON = "application/json"


@pytest.fixture
def client(owner: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    return client


def in_api(response: Any, error: UserError) -> None:
    check(response.json(), ERROR, "the body")
    assert (response.status_code, response.json()["error"]) == (error.status, error.body())


def in_page(response: Any, error: UserError) -> None:
    assert response.status_code == error.status and response["Content-Type"].startswith("text/html")
    page = response.content.decode()
    assert str(error) in page and error.next.split("`")[0] in page


def test_404(client: Client) -> None:
    in_api(client.get("/api/v1/nothing"), errors.NO_OPERATION)
    in_page(client.get("/nothing/"), errors.NO_PAGE)


def test_405_names_the_methods_that_are_possible(client: Client) -> None:
    answer = client.delete(TURNS)
    in_api(answer, errors.method_not_allowed("DELETE", "POST"))
    assert answer["Allow"] == "POST"
    in_page(client.get("/account/tokens/1/revoke/"), errors.method_not_allowed("GET", "POST"))


def test_413(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    in_api(client.post(TURNS, {"question": "x" * 200}, content_type=JSON), errors.TOO_LARGE)
    in_page(client.post("/account/", "name=" + "x" * 200, content_type="application/x-www-form-urlencoded"), errors.TOO_LARGE)


def test_422_names_the_field(client: Client) -> None:
    answer = client.post(TURNS, {}, content_type=JSON)
    check(answer.json(), ERROR, "the body")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (422, "invalid_request", "question: Field required.")


def test_429_says_when_to_try_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(throttle: BaseThrottle, request: Any) -> bool:
        return False

    monkeypatch.setattr("ninja.throttling.SimpleRateThrottle.allow_request", refuse)
    monkeypatch.setattr("ninja.throttling.SimpleRateThrottle.wait", lambda throttle: 1.0)
    answer = client.get("/api/v1/conversations")
    in_api(answer, errors.TOO_FAST)
    assert answer["Retry-After"] == "1"


def test_500_tells_nothing_of_the_inside(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("webapp.chat.conversations.own", broken)
    address = "6f1f0f1e-2b4f-4c7e-9a55-0123456789ab"
    api, page = client.get(f"/api/v1/conversations/{address}"), client.get(f"/c/{address}/")
    in_api(api, errors.INTERNAL)
    in_page(page, errors.INTERNAL)
    assert "secret" not in api.content.decode() + page.content.decode()


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_503_without_the_database(client: Client, kind: type[Exception]) -> None:
    """Nothing that the request asks is answered, not even who is logged in."""

    def unreachable(execute: Callable[..., Any], *args: Any) -> Any:
        raise kind("could not connect to server")

    with connection.execute_wrapper(unreachable):
        api = [client.get("/api/v1/conversations"), client.post(TURNS, {"question": "hi"}, content_type=JSON)]
        script = Client(raise_request_exception=False, headers={"Authorization": "Bearer isthmus_x"})
        node = script.get("/api/v1/nodes/me")
        page = client.get("/devices/")
    for answer in (*api, node):
        in_api(answer, DATABASE_UNAVAILABLE)
        assert answer["Retry-After"] == "5"
    in_page(page, DATABASE_UNAVAILABLE)
    assert page["Retry-After"] == "5"


def test_a_missing_csrf_token_is_one_sentence(owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    in_api(client.post(TURNS, {"question": "hi"}, content_type=JSON), errors.NO_CSRF_TOKEN)


def test_a_caller_that_speaks_json_gets_no_page(client: Client) -> None:
    in_api(client.get("/nothing/", headers={"Accept": JSON}), errors.NO_PAGE)
