"""Notices that belong to a story, with what became of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from django.db.models import Q

from webapp.notices.kinds import by_name
from webapp.notices.models import Notice


class DeliveryStory(TypedDict):
    channel: str
    state: str
    outcome: str


class NoticeStory(TypedDict):
    at: str
    kind: str
    subject: str
    title: str
    deliveries: list[DeliveryStory]


def about(condition: Q) -> list[NoticeStory]:
    """The oldest first."""
    return [_story(notice) for notice in Notice.objects.filter(condition).order_by("at", "pk").prefetch_related("deliveries")]


def of_nodes(nodes: Iterable[str], since: datetime, until: datetime) -> Q:
    return Q(subject__in=list(nodes), kind__startswith="node.", at__gte=since, at__lte=until)


def of_run(number: int) -> Q:
    return Q(subject=str(number), kind__startswith="run.")


def _story(notice: Notice) -> NoticeStory:
    return {
        "at": notice.at.isoformat(),
        "kind": notice.kind,
        "subject": notice.subject,
        "title": by_name(notice.kind).text(notice.values)[0],
        "deliveries": [
            {"channel": row.channel, "state": row.state, "outcome": row.outcome} for row in notice.deliveries.order_by("pk")
        ],
    }
