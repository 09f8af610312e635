"""Logins, tokens, photos, conversations and runs leave a row in the audit trail."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from webapp.accounts import audit
from webapp.accounts.logins import records
from webapp.accounts.models import AuditEntry


@pytest.fixture(autouse=True)
def _no_failures_yet() -> None:
    cache.clear()


def rows() -> list[tuple[str, str, str]]:
    return [(row.by, row.action, f"{row.kind}:{row.name}") for row in AuditEntry.objects.order_by("pk")]


def test_logging_in_and_out(owner: Any) -> None:
    client = Client(REMOTE_ADDR="10.1.2.3")
    client.post("/login/", {"username": "owner", "password": "wrong"})
    client.post("/login/", {"username": "owner", "password": "correct horse"})
    client.post("/logout/")
    assert rows() == [
        ("not logged in", "login failed", "user:owner"),
        ("owner", "logged in", "user:owner"),
        ("owner", "logged out", "user:owner"),
    ]
    assert {row.address for row in AuditEntry.objects.all()} == {"10.1.2.3"}


def test_a_name_without_an_account_is_not_stored(stranger: Any) -> None:
    stranger.post("/login/", {"username": "correct horse battery", "password": "x"})
    assert rows() == [("not logged in", "login failed", "user:")]


def test_a_flood_of_failures_fills_no_table(owner: Any) -> None:
    for address in ("10.0.0.1", "10.0.0.2"):
        for _ in range(records.FAILURES + 5):
            records.login_failed("django", {"username": "owner"}, _request(address))
    assert AuditEntry.objects.count() == 2 * records.FAILURES
    assert "not listed for an hour" in audit.of("user:owner")[0]["detail"]


def test_personal_tokens(owner: Any, client_of: Any) -> None:
    client = client_of(owner)
    AuditEntry.objects.filter(at__lt=_tomorrow()).expire()
    client.post("/account/", {"name": "nightly report"})
    client.post(f"/account/tokens/{owner.api_tokens.get().pk}/revoke/")
    assert rows() == [
        ("owner", "token created", "token:owner/nightly report"),
        ("owner", "token revoked", "token:owner/nightly report"),
    ]


def test_deleting_a_photo_and_a_conversation(owner: Any, client_of: Any, photo_bytes: bytes, redis_url: str) -> None:
    from inference.photos import store
    from webapp.chat import conversations

    alone, asked = store.store(owner, [photo_bytes]), store.store(owner, [photo_bytes])
    turn = conversations.ask(owner, "What is in this photo?", photo=asked.pk)
    client = client_of(owner)
    assert client.delete(f"/api/v1/photos/{alone.pk}").status_code == 204
    assert client.delete(f"/api/v1/conversations/{turn.conversation}").status_code == 204
    assert rows()[1:] == [
        ("owner", "deleted", f"photo:{alone.pk}"),
        ("owner", "deleted", f"conversation:{turn.conversation}"),
    ]
    assert audit.of(f"conversation:{turn.conversation}")[0]["detail"] == "with 1 photo"


def test_a_training_run(owner: Any, client_of: Any, monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
    from federation import nodes
    from federation.runs import lifecycle

    monkeypatch.setattr(nodes, "check", lambda *arguments: None)
    run = lifecycle.draft(owner, {})
    client = client_of(owner)
    for verb in ("start", "pause", "start", "stop"):
        assert client.post(f"/api/v1/federation/runs/{run.pk}/{verb}").status_code == 200, verb
    assert client.delete(f"/api/v1/federation/runs/{run.pk}").status_code == 204
    actions = [row.action for row in AuditEntry.objects.about(f"run:{run.pk}").order_by("pk")]
    assert actions == ["started", "paused", "resumed", "stopped", "deleted"]


def _request(address: str) -> Any:
    from django.test import RequestFactory

    return RequestFactory().post("/login/", REMOTE_ADDR=address)


def _tomorrow() -> Any:
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(days=1)
