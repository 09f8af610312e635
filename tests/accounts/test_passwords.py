"""Changing a password, and choosing a new one with a one-use link."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from bench.harness.processes import wait_for
from tests.accounts.conftest import PASSWORDS, logged_in
from webapp.accounts import audit, people
from webapp.accounts.models import User

LogIn = Callable[..., Client]
NEW = "purple elephant"
CHOICE = {"new_password1": NEW, "new_password2": NEW}


def _choose(client: Client, path: str) -> Any:
    """Open the link and fill in its form, as a browser does."""
    form = client.get(path, follow=True)
    return client.post(form.request["PATH_INFO"], CHOICE)


def test_changing_it_ends_all_other_sessions(owner: Any, log_in: LogIn) -> None:
    here, elsewhere = log_in("owner"), log_in("owner")
    page = here.post("/account/password/", {"old_password": PASSWORDS["owner"], **CHOICE})
    assert page["Location"] == "/account/"
    assert logged_in(here) and not logged_in(elsewhere)
    assert logged_in(log_in("owner", NEW))
    assert audit.of("user:owner")[1]["action"] == "password changed"


def test_changing_it_takes_the_old_one(owner: Any, log_in: LogIn) -> None:
    here = log_in("owner")
    page = here.post("/account/password/", {"old_password": "wrong", **CHOICE})
    assert page.status_code == 200 and "not your password" in page.content.decode()


def test_a_link_from_an_owner_works_once(owner: Any, colleague: Any, log_in: LogIn) -> None:
    victim = log_in("colleague")
    page = log_in("owner").post(f"/people/{colleague.pk}/reset-link/")
    link = page.context["new_link"]
    assert link in page.content.decode()
    path = link.removeprefix("http://testserver")
    assert _choose(Client(), path)["Location"] == "/login/"
    assert not logged_in(victim)
    assert logged_in(log_in("colleague", NEW))
    assert "invalid, expired or used" in Client().get(path).content.decode()
    assert [row["action"] for row in audit.of("user:colleague")][1:3] == ["password reset", "reset link created"]


def test_only_owners_create_links(owner: Any, colleague: Any, client_of: Any) -> None:
    admin = User.objects.create_user("admin", is_staff=True)
    for account in (colleague, admin):
        assert client_of(account).post(f"/people/{owner.pk}/reset-link/").status_code == 403


def test_a_link_of_a_deactivated_account_or_of_the_shell_does_not_work(owner: Any, colleague: Any) -> None:
    link = people.reset_path(colleague)
    people.deactivate(colleague)
    assert "invalid, expired or used" in Client().get(link).content.decode()
    shell = User.objects.shell()
    assert "invalid, expired or used" in Client().get(people.reset_path(shell)).content.decode()


def test_the_shell_prints_a_link(owner: Any, capsys: pytest.CaptureFixture[str], log_in: LogIn) -> None:
    call_command("people", "reset-link", "owner")
    path = capsys.readouterr().out.strip().removeprefix("http://127.0.0.1:8000")
    _choose(Client(), path)
    assert logged_in(log_in("owner", NEW))


def test_without_a_mail_server_the_page_says_whom_to_ask(owner: Any) -> None:
    page = Client().get("/password/forgotten/").content.decode()
    assert "Ask an owner" in page and "manage.py people reset-link" in page


def test_with_a_mail_server_a_link_is_sent_once_in_a_while(owner: Any, settings: Any, log_in: LogIn) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    User.objects.filter(pk=owner.pk).update(email="owner@example.org")
    for _ in range(3):
        answer = Client().post("/password/forgotten/", {"email": "owner@example.org"})
        assert answer["Location"] == "/password/forgotten/sent/"
    unknown = Client().post("/password/forgotten/", {"email": "nobody@example.org"})
    assert unknown["Location"] == answer["Location"]
    wait_for(lambda: bool(mail.outbox), 30, "no message was sent")
    assert len(mail.outbox) == 1 and mail.outbox[0].to == ["owner@example.org"]
    path = re.search(r"http://testserver(/password/\S+)", str(mail.outbox[0].body))
    assert path is not None
    _choose(Client(), path[1])
    assert logged_in(log_in("owner", NEW))


def test_an_e_mail_address_is_changed_with_the_password_only(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    assert client.post("/account/email/", {"email": "a@example.org", "password": "wrong"}).status_code == 400
    client.post("/account/email/", {"email": "a@example.org", "password": PASSWORDS["owner"]})
    assert User.objects.get(username="owner").email == "a@example.org"


def test_guessing_the_password_in_an_open_session_is_limited(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    for _ in range(10):
        client.post("/account/email/", {"email": "a@example.org", "password": "wrong"})
    page = client.post("/account/email/", {"email": "a@example.org", "password": PASSWORDS["owner"]})
    assert page.status_code == 400 and "Wait ten minutes" in page.content.decode()
