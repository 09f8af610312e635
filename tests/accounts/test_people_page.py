"""Owners invite people, change roles and limits, and deactivate accounts, which ends their access at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.accounts.conftest import logged_in, set_up
from webapp.accounts import audit, invitations, people
from webapp.accounts.logins import second_factor
from webapp.accounts.models import ApiToken, AuditEntry, Invitation, User
from webapp.live.errors import UserError

LogIn = Callable[..., Client]
ACCOUNT = {"username": "alice", "email": "", "password1": "purple elephant", "password2": "purple elephant"}


def _invite(client: Client, **fields: Any) -> str:
    page = client.post("/people/invite/", {"role": "member", "note": "Alice", **fields})
    return str(page.context["new_link"]).removeprefix("http://testserver")


def test_an_invitation_creates_one_account_with_its_role_and_limits(owner: Any, log_in: LogIn) -> None:
    path = _invite(log_in("owner"), role="admin", storage_limit_mb="500", turn_limit="3")
    alice = Client()
    assert alice.get(path).status_code == 200
    assert alice.post(path, ACCOUNT)["Location"] == "/"
    assert logged_in(alice)
    row = User.objects.get(username="alice")
    assert (row.is_staff, row.is_superuser, row.storage_limit_mb, row.turn_limit) == (True, False, 500, 3)
    again = Client().post(path, {**ACCOUNT, "username": "mallory"})
    assert again.status_code == 404 and "invalid, expired or used" in again.content.decode()
    assert not User.objects.filter(username="mallory").exists()
    assert [entry["action"] for entry in audit.of("user:alice")] == ["logged in", "account created"]


def test_of_two_people_with_one_link_one_wins(owner: Any) -> None:
    row = invitations.find(invitations.create("member"))
    invitations.accept(row, User(username="first"))
    with pytest.raises(UserError, match="used"):
        invitations.accept(row, User(username="second"))
    assert not User.objects.filter(username="second").exists()


def test_an_expired_or_revoked_invitation_does_not_work(owner: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    expired, revoked = _invite(client), _invite(client)
    Invitation.objects.filter(pk=Invitation.objects.order_by("pk")[0].pk).update(expires=timezone.now() - timedelta(seconds=1))
    client.post(f"/people/invitations/{Invitation.objects.order_by('pk')[1].pk}/revoke/")
    for path in (expired, revoked, "/invitation/guess/"):
        assert Client().post(path, ACCOUNT).status_code == 404


def test_the_secret_of_an_invitation_is_not_stored(owner: Any, log_in: LogIn) -> None:
    secret = _invite(log_in("owner")).split("/")[2]
    assert secret not in str(list(Invitation.objects.values()) + list(AuditEntry.objects.values()))


@pytest.mark.parametrize("username", ["shell", "Shell", "OWNER"])
def test_a_name_that_is_taken_or_reserved_is_refused(owner: Any, log_in: LogIn, username: str) -> None:
    path = _invite(log_in("owner"))
    assert Client().post(path, {**ACCOUNT, "username": username}).status_code == 400


def test_a_role_and_limits_are_changed_and_recorded(owner: Any, colleague: Any, log_in: LogIn) -> None:
    fields = {"role": "admin", "storage_limit_mb": "", "turn_limit": "0"}
    log_in("owner").post(f"/people/{colleague.pk}/change/", fields)
    colleague.refresh_from_db()
    assert (colleague.is_staff, colleague.storage_limit_mb, colleague.turn_limit) == (True, None, 0)
    details = {row["action"]: row["detail"] for row in audit.of("user:colleague")}
    assert details["role changed"] == "from member to admin"
    assert details["limits changed"] == "storage default, questions at once 0"


def test_a_limit_that_is_no_number_is_refused(owner: Any, colleague: Any, log_in: LogIn) -> None:
    for limit in ("-1", "many", "9" * 20):
        fields = {"role": "member", "turn_limit": limit}
        assert log_in("owner").post(f"/people/{colleague.pk}/change/", fields).status_code == 400


def test_deactivating_ends_sessions_and_tokens_at_once(owner: Any, colleague: Any, log_in: LogIn) -> None:
    theirs = log_in("colleague")
    _, plain = ApiToken.issue(colleague, "script")
    script = Client(headers={"Authorization": f"Bearer {plain}"})
    mine = log_in("owner")
    mine.post(f"/people/{colleague.pk}/deactivate/")
    assert not logged_in(theirs)
    assert script.get("/api/v1/conversations").status_code == 401
    assert not logged_in(log_in("colleague"))
    mine.post(f"/people/{colleague.pk}/reactivate/")
    assert logged_in(log_in("colleague"))
    assert not logged_in(theirs)  # what was ended stays ended
    assert script.get("/api/v1/conversations").status_code == 401


def test_the_last_owner_stays_an_owner(owner: Any, colleague: Any, log_in: LogIn) -> None:
    client = log_in("owner")
    for path, fields in ((f"/people/{owner.pk}/deactivate/", {}), (f"/people/{owner.pk}/change/", {"role": "member"})):
        assert "only owner" in client.post(path, fields, follow=True).content.decode()
    owner.refresh_from_db()
    assert owner.is_active and owner.is_superuser
    people.change_role(colleague, "owner")
    people.deactivate(User.objects.get(pk=owner.pk))
    assert not User.objects.get(pk=owner.pk).is_active


def test_an_owner_removes_the_second_factor_of_somebody_who_lost_it(owner: Any, colleague: Any, log_in: LogIn) -> None:
    set_up(log_in("colleague"), colleague)
    assert not logged_in(log_in("colleague"))
    log_in("owner").post(f"/people/{colleague.pk}/two-factor/off/")
    assert logged_in(log_in("colleague"))
    assert "second factor removed" in {row["action"] for row in audit.of("user:colleague")}


def test_an_owner_requires_a_second_factor(owner: Any, log_in: LogIn) -> None:
    log_in("owner").post("/people/policy/", {"second_factor": "admins"})
    assert second_factor.policy() == "admins"
    assert audit.of("system:login")[0]["detail"] == "for admins"


def test_an_owner_logs_somebody_out_everywhere(owner: Any, colleague: Any, log_in: LogIn) -> None:
    theirs, mine = log_in("colleague"), log_in("owner")
    mine.post(f"/people/{colleague.pk}/sessions/end/")
    assert logged_in(mine) and not logged_in(theirs)


def test_the_shell_account_is_nobodys_to_manage(owner: Any, log_in: LogIn) -> None:
    shell = User.objects.shell()
    client = log_in("owner")
    assert client.get(f"/people/{shell.pk}/").status_code == 404
    assert "shell" not in [row["person"].username for row in client.get("/people/").context["rows"]]


def test_the_shell_of_the_server_manages_people_too(
    owner: Any, colleague: Any, log_in: LogIn, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(log_in("colleague"), colleague)
    for action in ("deactivate", "reactivate", "remove-second-factor"):
        call_command("people", action, "colleague")
    assert logged_in(log_in("colleague"))
    call_command("people", "invite", "--role", "owner")
    path = capsys.readouterr().out.split()[-1].removeprefix("http://127.0.0.1:8000")
    Client().post(path, ACCOUNT)
    call_command("people", "list")
    assert "alice                    owner    active       password only" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no account"):
        call_command("people", "deactivate", "nobody")
