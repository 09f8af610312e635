"""Failed logins: who is locked out, from where, for how long, and how it ends."""

import io
import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client

from webapp.accounts import lockout
from webapp.accounts.models import AuditEntry

HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_earlier_guesses() -> None:
    cache.clear()


def log_in(name: str, password: str, address: str = HERE, **headers: str) -> Any:
    return Client().post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address, headers=headers)


def guess(name: str, times: int, address: str = HERE) -> Any:
    for number in range(times):
        answer = log_in(name, f"guess {number}", address)
    return answer


def test_five_wrong_passwords_lock_the_account_out_from_that_address_only(owner: Any) -> None:
    assert guess("owner", 4).status_code == 200
    assert log_in("owner", "correct horse").status_code == 302
    assert guess("owner", 5).status_code == 429
    refused = log_in("owner", "correct horse")
    assert refused.status_code == 429
    assert "Try again in 15 minutes" in refused.content.decode()
    assert 800 < int(refused["Retry-After"]) <= 900
    assert log_in("owner", "correct horse", ELSEWHERE).status_code == 302


def test_a_script_gets_the_same_sentence_as_json(owner: Any) -> None:
    guess("owner", 5)
    error = log_in("owner", "correct horse", Accept="application/json").json()["error"]
    assert (error["code"], "15 minutes" in error["next"]) == ("locked_out", True)


def test_another_browser_is_not_another_address(owner: Any) -> None:
    for number in range(5):
        log_in("owner", "guess", **{"User-Agent": f"browser {number}"})
    assert log_in("owner", "correct horse", **{"User-Agent": "another"}).status_code == 429


def test_a_claimed_address_is_not_another_address(owner: Any) -> None:
    for number in range(5):
        log_in("owner", "guess", **{"X-Forwarded-For": f"10.0.0.{number}"})
    assert log_in("owner", "correct horse", **{"X-Forwarded-For": "10.0.0.99"}).status_code == 429


def test_an_account_that_does_not_exist_is_locked_out_alike(owner: Any) -> None:
    there, missing = guess("owner", 6), guess("nobody", 6)
    assert (there.status_code, there.content) == (missing.status_code, missing.content)


def test_many_accounts_from_one_address_lock_the_address_out(owner: Any, colleague: Any, settings: Any) -> None:
    for number in range(lockout.ADDRESS_FACTOR * settings.AXES_FAILURE_LIMIT):
        log_in(f"name-{number}", "guess")
    assert log_in("colleague", "battery staple").status_code == 429
    assert log_in("colleague", "battery staple", ELSEWHERE).status_code == 302


def test_the_addresses_of_one_ipv6_network_count_together(owner: Any) -> None:
    for number in range(5):
        log_in("owner", "guess", f"2001:db8::{number + 1}")
    assert log_in("owner", "correct horse", "2001:db8::99").status_code == 429
    assert log_in("owner", "correct horse", "2001:db8:0:1::1").status_code == 302


def test_a_lockout_ends_by_itself_and_is_not_prolonged_by_trying(owner: Any) -> None:
    guess("owner", 5)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=14))
    refused = guess("owner", 2)
    assert "Try again in 1 minute," in refused.content.decode()
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=2))
    assert log_in("owner", "correct horse").status_code == 302


@pytest.mark.parametrize("arguments", [["owner"], ["--address", HERE], ["owner", "--address", HERE], []])
def test_a_shell_on_the_server_ends_it(owner: Any, arguments: list[str]) -> None:
    guess("owner", 5)
    out = io.StringIO()
    call_command("unlock", *arguments, stdout=out)
    assert out.getvalue() == "Removed 1 record of failed logins.\n"
    assert log_in("owner", "correct horse").status_code == 302
    assert AuditEntry.objects.filter(action="unlocked").count() == 1


def test_unlocking_another_account_changes_nothing(owner: Any) -> None:
    guess("owner", 5)
    call_command("unlock", "colleague", stdout=io.StringIO())
    assert log_in("owner", "correct horse").status_code == 429
    with pytest.raises(CommandError):
        call_command("unlock", "--address", "somewhere")


def test_each_failure_is_one_log_line_with_the_address_first(owner: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "webapp.accounts.lockout"):
        log_in("owner", "guess")
        log_in("owner from 6.6.6.6\nlogin failed from 7.7.7.7", "guess")
    lines = [record.getMessage() for record in caplog.records if record.name == "webapp.accounts.lockout"]
    assert lines == [f"login failed from {HERE} for 'owner'", f"login failed from {HERE} for an unknown account"]


def test_guesses_side_by_side_are_checked_one_after_the_other() -> None:
    turn = lockout.InTurn(at_once=2, per_key=1)
    assert turn.enter("a", 0)
    assert not turn.enter("a", 0.01)
    assert turn.enter("b", 0)
    assert not turn.enter("c", 0.01)
    threading.Timer(0.1, turn.leave, ("a",)).start()
    assert turn.enter("c", 5)


def test_a_login_that_waits_too_long_is_told_so(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "WAIT_S", 0.01)
    assert lockout.LOGINS.enter(HERE, 0)
    try:
        assert log_in("owner", "correct horse").status_code == 429
        assert log_in("owner", "correct horse", ELSEWHERE).status_code == 302
    finally:
        lockout.LOGINS.leave(HERE)


def test_guessing_the_setup_token_ends_after_ten(db: None, settings: Any) -> None:
    def setup(token: str, address: str = HERE) -> int:
        form = {"token": token, "username": "owner", "password1": "a long enough one", "password2": "a long enough one"}
        return int(Client().post("/setup/", form, REMOTE_ADDR=address).status_code)

    assert [setup(f"guess-{number}") for number in range(11)] == [400] * 10 + [429]
    assert setup(settings.SETUP_TOKEN) == 429
    assert setup(settings.SETUP_TOKEN, ELSEWHERE) == 302


def test_guessing_api_tokens_is_logged_and_never_stops_a_valid_one(
    owner: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.accounts.models import ApiToken
    from webapp.api import auth

    def read(token: str) -> Any:
        return Client().get("/api/v1/photos", REMOTE_ADDR=HERE, headers={"Authorization": f"Bearer {token}"})

    monkeypatch.setattr(auth.TOKEN_GUESSES, "most", 3)
    _, valid = ApiToken.issue(owner, "script")
    assert [read("isthmus_guess").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert read("isthmus_guess").json()["error"]["code"] == "too_many_guesses"
    assert read(valid).status_code == 200
    assert caplog.text.count(f"wrong API token from {HERE}") == 3
