"""/metrics is for whoever has its token, or an address that needs none."""

from typing import Any

import pytest
from django.conf import settings as installed
from django.core.cache import cache
from django.test import Client

from webapp import env
from webapp.accounts.models import ApiToken
from webapp.ops.metrics import page

pytestmark = pytest.mark.django_db


def test_a_stranger_is_refused_in_the_form_of_every_error(stranger: Client) -> None:
    refused = stranger.get("/metrics")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert refused.json()["error"]["code"] == "metrics_token" and refused.json()["error"]["next"]
    assert b"isthmus_questions" not in refused.content


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic dTpw", "nonsense", "Bearer ä"])
def test_a_wrong_token_is_none(header: str, stranger: Client) -> None:
    assert stranger.get("/metrics", headers={"Authorization": header}).status_code == 401


def test_neither_a_session_nor_a_personal_token_opens_it(owner: Any, client_of: Any, stranger: Client) -> None:
    _, plain_token = ApiToken.issue(owner, "script")
    assert client_of(owner).get("/metrics").status_code == 401
    assert stranger.get("/metrics", headers={"Authorization": f"Bearer {plain_token}"}).status_code == 401


def test_who_keeps_guessing_is_told_to_wait_and_the_right_token_still_works(
    stranger: Client, scraper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()  # where guesses are counted
    monkeypatch.setattr(page.GUESSES, "most", 3)
    answers = [stranger.get("/metrics", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(5)]
    assert answers == [401, 401, 401, 429, 429]
    assert scraper.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        ("10.0.0.0/8", "10.1.2.3", 200),
        ("10.0.0.0/8", "::ffff:10.1.2.3", 200),
        ("10.0.0.0/8, fd00::/8", "fd00::7%eth0", 200),
        ("10.0.0.0/8", "11.1.2.3", 401),
        ("10.0.0.0/8", "", 401),
        ("", "127.0.0.1", 401),
    ],
)
def test_a_network_may_need_no_token(
    networks: str, address: str, status: int, stranger: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISTHMUS_METRICS_NETWORKS", networks)
    settings.METRICS_NETWORKS = env.networks("ISTHMUS_METRICS_NETWORKS")
    assert stranger.get("/metrics", REMOTE_ADDR=address).status_code == status


def test_a_network_that_is_none_stops_the_start_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_METRICS_NETWORKS", "10.0.0.0/8,office")
    with pytest.raises(env.BadSetting, match=r"ISTHMUS_METRICS_NETWORKS must be addresses .*office"):
        env.networks("ISTHMUS_METRICS_NETWORKS")


def test_switched_off_there_is_no_such_page(scraper: Client, settings: Any) -> None:
    settings.METRICS = False
    gone = scraper.get("/metrics")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")


def test_it_is_there_before_the_first_account(scraper: Client) -> None:
    assert scraper.get("/metrics").status_code == 200
    assert scraper.post("/metrics").status_code == 405


def test_the_token_is_a_secret_of_the_installation() -> None:
    file = installed.VAR_DIR / "secrets" / "metrics_token"
    assert file.read_text() == installed.METRICS_TOKEN and len(installed.METRICS_TOKEN) > 40
    assert file.stat().st_mode & 0o077 == 0
