"""What is told of an event, to its people. Who delivers it is on a floor above, or beside, and registers here.

The fields are those of a notice: a kind, the values of its sentences, a subject, a link, a person, a key that makes it unique.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse

from inference.watches import live
from inference.watches.models import DISMISSED, Event

RAISED, CAMERA = "watch.raised", "watch.camera"  # kinds of notices
TOLD_OF_CAMERAS = ("camera_lost", "camera_unsteady", "camera_noise")


@dataclass(frozen=True)
class Telling:
    kind: str
    values: Mapping[str, str | int | float]
    subject: str
    link: str
    person: Any
    key: str
    at: datetime


_tellers: list[Callable[[Telling], object]] = []


def register(teller: Callable[[Telling], object]) -> None:
    _tellers[:] = [teller]


def tell(event: Event) -> None:
    """An event that was raised, and a camera that fails, once to each of its people. What an edge dismissed is not told."""
    if event.check_state == DISMISSED or event.kind not in ("raised", *TOLD_OF_CAMERAS):
        return
    kind = RAISED if event.kind == "raised" else CAMERA
    for person in get_user_model().objects.filter(pk__in=live.people(event), is_active=True):
        values: dict[str, str | int | float] = {
            "title": event.watch.title if event.watch else event.camera,
            "node": event.node,
            "camera": event.camera,
            "seen": event.caption or event.seen,
            "what": event.kind,
            "percent": round(100 * (event.confidence or 0)),
            "event": event.pk,
        }
        link = f"{reverse('watches:page')}?event={event.pk}"
        for teller in _tellers:
            teller(Telling(kind, values, event.node, link, person, f"{kind}:{event.pk}:{person.pk}", event.at))
