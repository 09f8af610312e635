"""Which language a page has, and how its scripts get theirs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from webapp import languages
from webapp.accounts import audit
from webapp.accounts.models import User

GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def afterwards_english() -> Iterator[None]:
    yield
    translation.activate(languages.SOURCE)


def language_of(response: Any) -> str:
    return re.search(r'<html lang="([^"]+)">', response.content.decode())[1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("accepted", "shown", "words"),
    [
        ("", "en", "Log in"),
        ("en-US,en;q=0.9", "en", "Log in"),
        ("nl,it;q=0.8", "en", "Log in"),
        ("de-CH", "de", "Anmelden"),
        ("es-MX", "es", "Iniciar sesión"),
        ("fr-CA,fr;q=0.8", "fr", "Se connecter"),
        ("zh-CN,zh;q=0.9", "zh-Hans", "登录"),
    ],
)
def test_a_page_has_the_language_that_the_browser_asks_for(owner: User, accepted: str, shown: str, words: str) -> None:
    response = Client().get("/login/", headers={"accept-language": accepted})
    assert language_of(response) == shown
    assert f"<h1>{words}</h1>" in response.content.decode()
    assert "Accept-Language" in response["Vary"]


def test_a_visitor_may_choose_another_language(owner: User) -> None:
    visitor = Client()
    page = visitor.get("/login/").content.decode()
    assert all(f">{name}</button>" in page for _, name in settings.LANGUAGES)
    chosen = visitor.post("/languages/choose/", {"language": "fr", "next": "/login/"})
    assert chosen.status_code == 302 and chosen["Location"] == "/login/"
    assert language_of(visitor.get("/login/", **GERMAN)) == "fr"


def test_the_choice_of_an_account_comes_before_browser_and_cookie(owner: User, client_of: Any) -> None:
    client = client_of(owner)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    assert language_of(client.get("/account/", **GERMAN)) == "es"
    client.post("/account/language/", {"language": "zh-hans"})
    owner.refresh_from_db()
    assert owner.language == "zh-hans"
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    page = client.get("/account/", **GERMAN)
    assert language_of(page) == "zh-Hans" and "语言已保存。" in page.content.decode()
    client.post("/account/language/", {"language": ""})
    assert language_of(client.get("/account/", **GERMAN)) == "de"


def test_an_unknown_language_is_refused_and_one_that_has_gone_is_ignored(owner: User, client_of: Any) -> None:
    client = client_of(owner)
    assert client.post("/account/language/", {"language": "tlh"}).status_code == 400
    User.objects.update(language="tlh")
    assert language_of(client.get("/account/")) == "en"


def test_errors_of_the_api_are_in_the_language_of_the_page_and_their_codes_are_not(owner: User, client_of: Any) -> None:
    body = {"question": " ", "policy": "fastest"}
    english, german = (
        client_of(owner).post("/api/v1/turns", body, "application/json", **headers).json()["error"] for headers in ({}, GERMAN)
    )
    assert english["message"] == "The question is empty." and german["message"] == "Die Frage ist leer."
    assert english["code"] == german["code"]
    long = {**body, "question": "x" * (settings.QUESTION_MAX_CHARS + 1)}
    message = client_of(owner).post("/api/v1/turns", long, "application/json", **GERMAN).json()["error"]["message"]
    assert message == "Die Frage hat 2.001 Zeichen; erlaubt sind 2.000."


def test_labels_numbers_and_dates_follow_the_language(owner: User, client_of: Any) -> None:
    page = client_of(owner).get("/account/", **GERMAN).content.decode()
    assert "Geräte" in page and "am schnellsten" in page
    assert "0,0 MB von 2.000 MB" in page
    assert "0.0 MB of 2,000 MB" in client_of(owner).get("/account/").content.decode()


def test_scripts_get_the_catalogue_of_their_page_once(owner: User) -> None:
    page = Client().get("/login/", **GERMAN).content.decode()
    address = re.search(r'<script src="(/languages/de\.js\?v=\w+)">', page)[1]  # type: ignore[index]
    catalogue = Client().get(address)
    assert '"Why this route": "Warum diese Route"' in catalogue.content.decode()
    assert "immutable" in catalogue["Cache-Control"] or "max-age=31536000" in catalogue["Cache-Control"]
    assert "max-age=0" in Client().get("/languages/de.js?v=older")["Cache-Control"]
    assert Client().get("/languages/tlh.js").status_code == 404
    assert "<script src=" not in Client().get("/login/").content.decode()


def test_a_name_in_the_audit_trail_is_not_taken_for_a_word(owner: User, client_of: Any) -> None:
    audit.record(owner, "logged in", "user:owner")
    audit.record(None, "token created", "token:owner/x")
    page = client_of(owner).get("/audit/", **GERMAN).content.decode()
    assert ">owner</a>" in page and "Eigentümer" not in page
    assert "angemeldet" in page and ">der Server</a>" in page
