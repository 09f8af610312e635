"""The audit trail over HTTP, for administrators."""

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from webapp.accounts.audit import Kind
from webapp.accounts.models import AuditEntry
from webapp.live.http import Moment, Page, PageQuery, operation, paginate, require_admin

router = Router(tags=["audit"])
ADMIN = {403: "`not_staff`: only administrators may read this."}


class AuditEvent(Schema):
    """Who did what to what. The names are as they were then."""

    at: Moment
    by: str = Field(description="The account, the node, `the server` or `not logged in`.", examples=["alice"])
    action: str = Field(examples=["token created"])
    kind: Kind
    name: str = Field(description="Of the kind; may be empty.", examples=["alice/nightly report"])
    detail: str
    address: str | None = Field(description="Where the request came from.", examples=["192.0.2.7"])


class AuditEventPage(Page[AuditEvent]):
    pass


class AuditQuery(PageQuery):
    by: str = Field("", max_length=150, description="Only what this account or node did.")
    kind: Kind | None = Field(None, description="Only what was done to this kind of thing.")
    name: str = Field("", max_length=200, description="Only what was done to the one with this name.")
    since: datetime | None = Field(None, description="Only from this moment on.")
    until: datetime | None = Field(None, description="Only before this moment.")


@router.get("", **operation("list_audit_events", "List who did what, newest first", {200: AuditEventPage}, ADMIN))
def list_audit_events(request: HttpRequest, query: Query[AuditQuery]) -> Page[AuditEvent]:
    """Logins, accounts, tokens, nodes, cameras, deletions and training runs."""
    require_admin(request)
    moments = {"at__gte": _aware(query.since), "at__lt": _aware(query.until)}
    filters = {"by": query.by, "kind": query.kind, "name": query.name, **moments}
    rows = AuditEntry.objects.filter(**{field: value for field, value in filters.items() if value})
    return paginate(rows, query, _event)


def _aware(moment: datetime | None) -> datetime | None:
    """UTC where no offset is given."""
    return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment


def _event(row: AuditEntry) -> AuditEvent:
    return AuditEvent(
        at=row.at.isoformat(),
        by=row.by,
        action=row.action,
        kind=row.kind,
        name=row.name,
        detail=row.detail,
        address=row.address,
    )
