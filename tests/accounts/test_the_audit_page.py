"""The audit trail as a page, as CSV and over HTTP: for admins and owners, filtered by person, kind and date."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from webapp.accounts import audit
from webapp.accounts.models import AuditEntry, User
from webapp.ops.retention import pruning

API = "/api/v1/audit"


def _at(day: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(day))


@pytest.fixture
def trail(owner: Any, colleague: Any) -> None:
    rows = (
        ("2026-03-01T10:00", "owner", "approved", "node", "jetson-a"),
        ("2026-03-02T23:59", "owner", "deleted", "photo", "1"),
        ("2026-03-03T00:00", "colleague", "deleted", "photo", "2"),
    )
    for at, by, action, kind, name in rows:
        AuditEntry.objects.create(at=_at(at), by=by, action=action, kind=kind, name=name)


@pytest.fixture
def admin(owner: Any, client_of: Any, trail: None) -> Any:
    """Their own login comes after the rows above, so it is last in time and does not pass the filters below."""
    return client_of(User.objects.create_user("admin", is_staff=True))


FILTERS = [
    ("by=owner", ["photo:1", "node:jetson-a"]),
    ("kind=photo", ["photo:2", "photo:1"]),
    ("kind=photo&name=2", ["photo:2"]),
    ("kind=photo&since=2026-03-03", ["photo:2"]),
    ("kind=photo&until=2026-03-02", ["photo:1"]),
    ("since=2026-03-02&until=2026-03-02", ["photo:1"]),
    ("by=nobody", []),
]


@pytest.mark.parametrize(("query", "subjects"), FILTERS)
def test_the_page_filters(admin: Any, query: str, subjects: list[str]) -> None:
    page = admin.get(f"/audit/?{query}")
    assert [f"{row.kind}:{row.name}" for row in page.context["page"]] == subjects


@pytest.mark.parametrize(("query", "subjects"), FILTERS)
def test_the_csv_has_the_same_rows(admin: Any, query: str, subjects: list[str]) -> None:
    answer = admin.get(f"/audit/audit.csv?{query}")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [f"{row['kind']}:{row['name']}" for row in rows] == subjects


def test_a_filter_that_cannot_be_read_is_named_and_left_out(admin: Any) -> None:
    page = admin.get("/audit/?since=tomorrow&kind=weather&by=owner&page=x")
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {"since", "kind"}
    assert len(page.context["page"]) == 2


def test_a_spreadsheet_evaluates_nothing(admin: Any) -> None:
    audit.record("=HYPERLINK(1)", "joined", "node:evil")
    text = b"".join(admin.get("/audit/audit.csv").streaming_content).decode()
    assert "'=HYPERLINK(1)" in text


def test_the_page_is_cut_into_pages_that_keep_the_filters(admin: Any, owner: Any) -> None:
    for number in range(60):
        audit.record(owner, "opened", f"camera:jetson-a/{number}")
    page = admin.get("/audit/?kind=camera")
    assert len(page.context["page"]) == 50
    assert "?kind=camera&amp;page=2" in page.content.decode()
    assert len(admin.get("/audit/?kind=camera&page=2").context["page"]) == 10


def test_the_api_has_the_same_filters(admin: Any) -> None:
    answer = admin.get(f"{API}?kind=photo&since=2026-03-02T00:00:00Z&until=2026-03-03T00:00:00").json()
    assert answer["total"] == 1
    entry = {name: answer["items"][0][name] for name in ("at", "by", "action", "kind", "name")}
    assert entry == {"at": "2026-03-02T23:59:00+00:00", "by": "owner", "action": "deleted", "kind": "photo", "name": "1"}
    assert admin.get(f"{API}?kind=weather").status_code == 422


def test_a_member_reads_no_audit_trail(admin: Any, colleague: Any, client_of: Any) -> None:
    client = client_of(colleague)
    assert [client.get(path).status_code for path in ("/audit/", "/audit/audit.csv", API)] == [403, 403, 403]


def test_rows_go_after_their_own_period(admin: Any, settings: Any, redis_url: str) -> None:
    settings.AUDIT_DAYS = (timezone.now() - _at("2026-03-02")).days
    pruning.run()
    left = set(AuditEntry.objects.values_list("name", flat=True))
    assert {"1", "2"} <= left and "jetson-a" not in left
