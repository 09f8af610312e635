"""Which of a person's events are meant: by watch, camera, kind and time, and by what a person said of their pictures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from inference.watches import live
from inference.watches.models import Event

Verdict = Literal["", "right", "wrong", "none"]
_RIGHT = Q(label=KeyTextTransform("looks_for", "watch__settings"))  # as live.verdict says it of one event
_BY_VERDICT = {
    "right": ~Q(label="") & _RIGHT,
    "wrong": ~Q(label="") & ~_RIGHT,
    "none": Q(label="", kind="raised", has_snapshot=True),
}
MOST_CAMERAS = 200


@dataclass(frozen=True)
class Selection:
    """Empty fields bound nothing. `since` is included, `until` is not."""

    watch: int | None = None
    node: str = ""
    camera: str = ""
    kind: str = ""
    verdict: Verdict = ""
    since: datetime | None = None
    until: datetime | None = None


def events(person: AbstractBaseUser, selection: Selection) -> QuerySet[Event]:
    """Newest first."""
    bounds = {
        "watch_id": selection.watch,
        "node": selection.node,
        "camera": selection.camera,
        "kind": selection.kind,
        "at__gte": selection.since,
        "at__lt": selection.until,
    }
    rows = live.visible(person).filter(**{name: value for name, value in bounds.items() if value})
    return rows.filter(_BY_VERDICT[selection.verdict]) if selection.verdict else rows


def cameras(person: AbstractBaseUser) -> list[str]:
    """Of a person's events, as `node/camera`; also those that no watch looks at any more."""
    pairs = live.visible(person).order_by("node", "camera").values_list("node", "camera").distinct()
    return [f"{node}/{camera}" for node, camera in pairs[:MOST_CAMERAS]]
