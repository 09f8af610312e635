"""The audit trail: one row per change, attributed to whoever sent the request; rows are only ever added."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from webapp.accounts import audit
from webapp.accounts.models import ApiToken, AppendOnly, AuditEntry

JSON = {"content_type": "application/json"}


def test_a_row_says_who_did_what_to_what_and_from_where(owner: Any) -> None:
    with audit.acting(owner, "10.1.2.3"):
        row = audit.record(None, "opened", "camera:jetson-a/garden", "one picture")
    assert (row.actor, row.by, row.action, row.kind, row.name) == (owner, "owner", "opened", "camera", "jetson-a/garden")
    assert (row.detail, row.address) == ("one picture", "10.1.2.3")
    assert [entry["by"] for entry in audit.of("camera:jetson-a/garden")] == ["owner"]
    assert audit.of("node:jetson-a/garden") == []


@pytest.mark.parametrize("subject", ["jetson-a", "weather:sunny", ""])
def test_a_subject_without_a_known_kind_is_a_mistake_of_the_caller(db: None, subject: str) -> None:
    with pytest.raises(ValueError, match="kind:name"):
        audit.record(None, "opened", subject)


def test_who_sent_the_request_is_known_even_after_a_token_named_them(owner: Any) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.1.2.3")
    request.user = AnonymousUser()
    with audit.answering(request):
        first = audit.record(None, "opened", "photo:1")
        request.user = owner
        second = audit.record(None, "opened", "photo:1")
    assert [(row.by, row.address) for row in (first, second)] == [("not logged in", "10.1.2.3"), ("owner", "10.1.2.3")]
    assert audit.record(None, "opened", "photo:1").by == "the server"


def test_a_change_made_with_a_personal_token_is_attributed_to_its_person(owner: Any, stranger: Any) -> None:
    _, plain = ApiToken.issue(owner, "script")
    body = {"name": "orin", "tier": "device"}
    answer = stranger.post("/api/v1/nodes/codes", body, headers={"Authorization": f"Bearer {plain}"}, **JSON)
    assert answer.status_code == 201
    assert audit.of("node:orin")[0]["by"] == "owner"


def test_rows_are_neither_changed_nor_deleted(owner: Any) -> None:
    row = audit.record(owner, "opened", "photo:1")
    row.by = "nobody"
    for attempt in (row.save, row.delete, AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(by="nobody")):
        with pytest.raises(AppendOnly):
            attempt()
    assert audit.of("photo:1")[0]["by"] == "owner"


def test_rows_expire_after_the_retention_period_only(owner: Any) -> None:
    AuditEntry.objects.create(by="owner", action="opened", kind="photo", name="1", at=timezone.now() - timedelta(days=10))
    audit.record(owner, "opened", "photo:2")
    assert AuditEntry.objects.filter(at__lt=timezone.now() - timedelta(days=9)).expire() == 1
    assert [row.name for row in AuditEntry.objects.all()] == ["2"]


def test_the_rows_about_a_subject_are_read_through_an_index(owner: Any) -> None:
    query, values = AuditEntry.objects.about("node:jetson-a").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query}" if connection.vendor == "sqlite" else f"EXPLAIN {query}", values)
        plan = str(cursor.fetchall())
    assert "audit_of_a_subject" in plan or connection.vendor != "sqlite"
