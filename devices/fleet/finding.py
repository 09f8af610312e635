"""Which nodes somebody looks for: by words, tags, state, tier, engine and models. The database does it, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from devices.fleet import tags
from devices.models import STATES, Node
from devices.telemetry import presence

MOST_WORDS = 8


@dataclass(frozen=True)
class Search:
    """Empty fields find everything. `words` are looked for in name, title, board, engine, models and tags; all have to be
    there, and so do all `tags`."""

    words: str = ""
    tags: tuple[str, ...] = ()
    tier: str = ""
    state: str = ""
    engine: str = ""
    models: str = ""


class Facets(TypedDict):
    """What there is to choose from, over all nodes."""

    total: int
    tags: list[dict[str, object]]
    states: dict[str, int]
    engines: list[str]
    models: list[str]


def rows(search: Search, now: datetime) -> QuerySet[Node]:
    """Nodes that are not revoked, in the order of pages, with their tags."""
    found = _present().annotate(
        engine=_text("profile__engine__name"), models=_text("profile__name"), board=_text("hardware__model")
    )
    for word in search.words.split()[:MOST_WORDS]:
        found = found.filter(_any_field(word))
    for tag in search.tags:
        found = found.filter(pk__in=Node.objects.filter(tags__name=tag.lower()).values("pk"))
    if search.state:
        found = found.filter(presence.where(search.state, now)) if search.state in STATES else found.none()
    for field in ("tier", "engine", "models"):
        if value := getattr(search, field):
            found = found.filter(**{field: value})
    return found.prefetch_related("tags")


def facets(now: datetime) -> Facets:
    present = _present()
    states = {state: present.filter(presence.where(state, now)).count() for state in STATES if state != "revoked"}
    return {
        "total": present.count(),
        "tags": tags.counts(),
        "states": {state: count for state, count in states.items() if count},
        "engines": _values(present, "profile__engine__name"),
        "models": _values(present, "profile__name"),
    }


def _text(path: str) -> Cast:
    """A value within JSON. Cast, since a filter would otherwise take what it is compared with for JSON."""
    return Cast(KT(path), TextField())


def _present() -> QuerySet[Node]:
    return Node.objects.filter(revoked_at=None)


def _any_field(word: str) -> Q:
    tagged = Q(pk__in=Node.objects.filter(tags__name__icontains=word).values("pk"))
    fields = ("slug", "title", "board", "engine", "models")
    found = tagged
    for field in fields:
        found |= Q(**{f"{field}__icontains": word})
    return found


def _values(present: QuerySet[Node], path: str) -> list[str]:
    counted = present.annotate(value=_text(path)).order_by().values("value").annotate(count=Count("pk"))
    return sorted(row["value"] for row in counted if row["value"])
