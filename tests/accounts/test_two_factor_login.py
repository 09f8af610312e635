"""Two-factor login: after the password a code, which works once; recovery codes; owners may require it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.accounts.conftest import PASSWORDS, app_code, logged_in, set_up
from webapp.accounts import audit
from webapp.accounts.logins import second_factor
from webapp.accounts.models import ApiToken, LoginPolicy
from webapp.accounts.pages.login import HALF, TRIES

LogIn = Callable[..., Client]


def _device(user: Any) -> TOTPDevice:
    return TOTPDevice.objects.get(user=user)


def test_the_password_alone_opens_nothing(owner: Any, log_in: LogIn) -> None:
    set_up(log_in("owner"), owner)
    client = log_in("owner")
    assert not logged_in(client)
    assert client.get("/api/v1/conversations").status_code == 401
    page = client.post("/login/", {"username": "owner", "password": PASSWORDS["owner"], "next": "/devices/"})
    assert page["Location"] == "/login/code/"
    page = client.post("/login/code/", {"code": app_code(_device(owner))})
    assert page["Location"] == "/devices/"
    assert logged_in(client)
    assert audit.of("user:owner")[0]["action"] == "logged in with a second factor"


def test_a_code_works_once(owner: Any, log_in: LogIn) -> None:
    set_up(log_in("owner"), owner)
    code = app_code(_device(owner))
    first, second = log_in("owner"), log_in("owner")
    first.post("/login/code/", {"code": code})
    page = second.post("/login/code/", {"code": code})
    assert logged_in(first) and not logged_in(second)
    assert "wrong or has been used" in page.content.decode()


def test_a_recovery_code_works_once_with_or_without_its_hyphen(owner: Any, log_in: LogIn) -> None:
    codes = set_up(log_in("owner"), owner)
    assert len(codes) == second_factor.RECOVERY_CODES
    first, second = log_in("owner"), log_in("owner")
    first.post("/login/code/", {"code": codes[0].upper()})
    second.post("/login/code/", {"code": codes[0].replace("-", "")})
    assert logged_in(first) and not logged_in(second)
    assert StaticToken.objects.count() == second_factor.RECOVERY_CODES - 1


def test_guessing_codes_is_slowed(owner: Any, log_in: LogIn) -> None:
    set_up(log_in("owner"), owner)
    client = log_in("owner")
    assert "wrong or has been used" in client.post("/login/code/", {"code": "000000"}).content.decode()
    assert "Wait 1 s" in client.post("/login/code/", {"code": "000001"}).content.decode()
    right = log_in("owner").post("/login/code/", {"code": app_code(_device(owner))})
    assert "Wait 1 s" in right.content.decode()  # also with a right code: guesses may not go on in another browser
    assert sum(row["action"] == "login failed" for row in audit.of("user:owner")) == 1


def test_after_some_wrong_codes_the_password_is_asked_for_again(owner: Any, log_in: LogIn) -> None:
    set_up(log_in("owner"), owner)
    client = log_in("owner")
    for _ in range(TRIES):
        TOTPDevice.objects.update(throttling_failure_count=0)  # as if enough time had passed
        page = client.post("/login/code/", {"code": "000000"})
    assert page["Location"] == "/login/" and HALF not in client.session
    assert client.post("/login/code/", {"code": app_code(_device(owner))})["Location"] == "/login/"


def test_the_code_page_without_a_password_leads_to_the_login(owner: Any) -> None:
    assert Client().get("/login/code/")["Location"] == "/login/"
    assert Client().post("/login/code/", {"code": "123456"})["Location"] == "/login/"


def test_a_password_that_was_changed_in_between_ends_the_attempt(owner: Any, log_in: LogIn) -> None:
    set_up(log_in("owner"), owner)
    client = log_in("owner")
    owner.set_password("another one")
    owner.save()
    assert client.post("/login/code/", {"code": app_code(_device(owner))})["Location"] == "/login/"
    assert not logged_in(client)


def test_turning_it_on_ends_the_other_sessions(owner: Any, log_in: LogIn) -> None:
    other, here = log_in("owner"), log_in("owner")
    set_up(here, owner)
    assert logged_in(here) and not logged_in(other)


def test_turning_it_on_takes_a_code_of_the_app(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    page = client.get("/account/two-factor/")
    assert page.context["qr"]["path"].startswith("M4 4h7v1h-7z")
    assert client.post("/account/two-factor/", {"code": "000000"}).status_code == 400
    assert not second_factor.is_on(owner)


def test_turning_it_off_takes_the_password(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    set_up(client, owner)
    assert client.post("/account/two-factor/off/", {"password": "wrong"}).status_code == 400
    assert second_factor.is_on(owner)
    client.post("/account/two-factor/off/", {"password": PASSWORDS["owner"]})
    assert not second_factor.is_on(owner)
    assert logged_in(log_in("owner"))


def test_new_recovery_codes_replace_the_old_ones(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    old = set_up(client, owner)
    new = client.post("/account/two-factor/codes/", {"password": PASSWORDS["owner"]}).context["codes"]
    assert not set(old) & set(new)
    attempt = log_in("owner")
    attempt.post("/login/code/", {"code": old[0]})
    assert not logged_in(attempt)


def test_a_token_works_without_a_code_but_is_created_only_with_one(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    set_up(client, owner)
    unverified = Client()
    unverified.force_login(owner)
    assert unverified.post("/account/", {"name": "script"}).status_code == 403
    assert not ApiToken.objects.exists()
    assert client.post("/account/", {"name": "script"}).status_code == 200
    _, plain = ApiToken.issue(owner, "another")
    assert Client(headers={"Authorization": f"Bearer {plain}"}).get("/api/v1/conversations").status_code == 200


@pytest.mark.parametrize(
    ("policy", "member", "admin"),
    [(LoginPolicy.NOBODY, True, True), (LoginPolicy.ADMINS, True, False), (LoginPolicy.EVERYBODY, False, False)],
)
def test_who_it_is_required_for_can_open_nothing_before_setting_it_up(
    owner: Any, colleague: Any, log_in: LogIn, policy: str, member: bool, admin: bool
) -> None:
    clients = {"colleague": log_in("colleague"), "owner": log_in("owner")}
    second_factor.set_policy(policy)
    for name, free in (("colleague", member), ("owner", admin)):
        page, answer = clients[name].get("/devices/"), clients[name].get("/api/v1/conversations")
        if free:
            assert (page.status_code, answer.status_code) == (200, 200)
        else:
            assert (page.status_code, page["Location"]) == (302, "/account/two-factor/")
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_factor_required")
            assert clients[name].get("/account/two-factor/").status_code == 200


def test_after_setting_it_up_everything_opens(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    second_factor.set_policy(LoginPolicy.EVERYBODY)
    set_up(client, owner)
    assert client.get("/devices/").status_code == 200
