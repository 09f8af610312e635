"""`tell`: the one way in which the floors above say that something happened."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from webapp.notices import announcing
from webapp.notices.kinds import by_name
from webapp.notices.models import Notice


@dataclass(frozen=True)
class Event:
    """`values` fill the sentences of the kind and go out as data, so they name nothing that a receiver may not know."""

    kind: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    subject: str = ""  # a node's name, a run's number
    link: str = "/"  # a path of this site
    person: Any = None  # whom it is for, where the kind does not say it
    key: str = ""  # the same key twice is one notice; empty: it never repeats
    at: datetime | None = None


def tell(event: Event) -> Notice | None:
    """Store what happened; None if its key is known. Cloud workers deliver it, so no receiver can hold up the caller.

    Inside a transaction it is stored with what it is about, or not at all. Raises KeyError for an unknown kind, and where
    `values` lack something that the kind's sentences need.
    """
    by_name(event.kind).text(dict(event.values))
    now = timezone.now()
    notice, new = Notice.objects.get_or_create(
        key=event.key or f"{event.kind}:{secrets.token_hex(12)}",
        defaults={
            "kind": event.kind,
            "subject": event.subject,
            "person": event.person,
            "values": dict(event.values),
            "link": event.link,
            "at": event.at or now,
            "due_at": now,
        },
    )
    if not new:
        return None
    announcing.announce_soon()
    return notice
