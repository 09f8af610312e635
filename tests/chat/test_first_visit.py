"""The first visitor with the setup token becomes the owner; after that everybody logs in."""

from typing import Any

import pytest
from django.test import Client

FIELDS = {"username": "ada", "password1": "a long enough password", "password2": "a long enough password"}


@pytest.mark.django_db
def test_every_page_redirects_to_setup_until_there_is_an_owner(settings: Any) -> None:
    for path in ("/", "/devices/", "/login/", "/account/"):
        assert Client().get(path).headers["Location"] == "/setup/"


@pytest.mark.django_db
def test_the_setup_token_creates_the_owner(settings: Any) -> None:
    from webapp.accounts.models import User

    client = Client()
    answer = client.post("/setup/", {**FIELDS, "token": settings.SETUP_TOKEN})
    ada = User.objects.get(username="ada")
    assert answer.headers["Location"] == "/" and ada.is_superuser and ada.is_staff
    assert client.get("/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "guess"])
def test_without_the_setup_token_no_account_is_created(token: str) -> None:
    from webapp.accounts.models import User

    answer = Client().post("/setup/", {**FIELDS, "token": token})
    assert answer.status_code == 400 and not User.objects.exists()


def test_setup_is_closed_once_there_is_an_owner(stranger: Any, settings: Any) -> None:
    answer = stranger.post("/setup/", {**FIELDS, "token": settings.SETUP_TOKEN})
    assert answer.headers["Location"] == "/login/"


def test_pages_redirect_a_stranger_to_the_login(stranger: Any) -> None:
    for path in ("/", "/devices/", "/account/", "/models/", "/admin/"):
        assert stranger.get(path).headers["Location"].startswith(("/login/", "/admin/login/"))


def test_a_colleague_has_no_access_to_the_admin(client_of: Any, owner: Any, colleague: Any) -> None:
    assert client_of(owner).get("/admin/").status_code == 200
    assert client_of(colleague).get("/admin/").status_code == 403
