"""Watches and events as pages and scripts get them, and their changes on the sockets of whom they are for."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q, QuerySet
from typing_extensions import TypedDict

from inference.answering import trained_models
from inference.watches import costs, things
from inference.watches.costs import CostData
from inference.watches.models import Event, Watch
from webapp.live import groups
from webapp.live.errors import UserError
from webapp.live.events import WatchChanged, WatchEventChanged
from webapp.live.publish import publish

SHOWN = 100  # events of a page when it is opened
NOT_LISTED = ("cleared", "described", "tally")  # they are a part of the event that was raised, or of the watch's cost


class WatchData(TypedDict):
    """`obstacle`: why it is not evaluated although it is on, `unable` in the words of its device. `rare`: the models know no
    class of what it looks for. `classes`: of the training run whose model watches. `newer`: a later run that has the class too.
    `cost`: of the last 30 days; None before the device has reported one."""

    id: int
    title: str
    node: str
    camera: str
    state: str
    applied: bool
    obstacle: str
    unable: str
    rare: bool
    run: int | None
    classes: list[str]
    newer: int | None
    settings: dict[str, Any]
    cost: CostData | None
    created: str


class EventData(TypedDict):
    """`verdict`: what `label` says of the event: `right`, `wrong` or nothing yet. `photo`: that the picture
    became, where it is kept. `receipt`: frames, looks, bytes and
    milliseconds of the watch since its last event; what a check and a view have cost."""

    id: int
    watch: int | None
    title: str
    node: str
    camera: str
    kind: str
    at: str
    ended: str | None
    confidence: float | None
    sure: bool
    seen: str
    caption: str
    has_snapshot: bool
    check: str
    label: str
    verdict: str
    dropped: int
    photo: str | None
    receipt: dict[str, Any]


def watches_data(watches: Iterable[Watch]) -> list[WatchData]:
    rows = list(watches)
    sums = costs.of(rows)
    return [watch_data(watch, sums.get(watch.pk)) for watch in rows]


def watch_data(watch: Watch, cost: CostData | None = None) -> WatchData:
    thing = watch.settings.get("looks_for") or ""
    newest = trained_models.newest_with(thing, watch.owner_id) if watch.run is not None else None
    return {
        "id": watch.pk,
        "title": watch.title,
        "node": watch.node,
        "camera": watch.camera,
        "state": watch.state,
        "applied": watch.applied,
        "obstacle": watch.obstacle,
        "unable": watch.unable,
        "rare": bool(thing) and watch.run is None and not things.is_familiar(thing),
        "run": watch.run,
        "classes": classes_of(watch),
        "newer": newest if newest and watch.run and newest > watch.run else None,
        "settings": watch.settings,
        "cost": cost,
        "created": watch.created.isoformat(),
    }


def classes_of(watch: Watch) -> list[str]:
    """Empty where the device's own models watch, or the run's model does not exist any more."""
    try:
        return trained_models.read(f"run {watch.run}", watch.owner_id).classes if watch.run is not None else []
    except UserError:
        return []


def event_data(event: Event) -> EventData:
    return {
        "id": event.pk,
        "watch": event.watch_id,
        "title": event.watch.title if event.watch else "",
        "node": event.node,
        "camera": event.camera,
        "kind": event.kind,
        "at": event.at.isoformat(),
        "ended": event.ended.isoformat() if event.ended else None,
        "confidence": event.confidence,
        "sure": event.sure,
        "seen": event.seen,
        "caption": event.caption,
        "has_snapshot": event.has_snapshot,
        "check": event.check_state,
        "label": event.label,
        "verdict": verdict(event),
        "dropped": event.dropped,
        "photo": kept_photo(event),
        "receipt": event.receipt,
    }


def kept_photo(event: Event) -> str | None:
    """The id of the photo that its picture became, while that is in the library."""
    row = getattr(event, "kept", None)  # Django's name for a row that may be missing
    return str(row.photo_id) if row is not None and row.photo.hidden_at is None else None


def verdict(event: Event) -> str:
    """A label other than what the watch looks for says that the event was wrong."""
    if not event.label:
        return ""
    return "right" if event.watch is not None and event.label == event.watch.settings.get("looks_for") else "wrong"


def visible(person: AbstractBaseUser) -> QuerySet[Event]:
    """Of a person's own watches, and of the cameras that these watch."""
    pairs = set(Watch.objects.filter(owner=person).values_list("node", "camera"))
    of_cameras = Q(pk__in=[])
    for node, camera in pairs:
        of_cameras |= Q(watch=None, node=node, camera=camera)
    rows = Event.objects.filter(Q(watch__owner=person) | of_cameras).select_related("watch", "kept__photo")
    return rows.exclude(kind__in=NOT_LISTED)


def announce(watch: Watch) -> None:
    (data,) = watches_data([watch])
    publish(groups.watches(watch.owner_id), WatchChanged(id=watch.pk, watch=data))


def announce_deleted(number: int, person: int) -> None:
    publish(groups.watches(person), WatchChanged(id=number, watch=None))


def announce_event(event: Event) -> None:
    data = event_data(event)
    for person in people(event):
        publish(groups.watches(person), WatchEventChanged(event=data))


def people(event: Event) -> list[int]:
    """Whom it is for."""
    if event.watch is not None:
        return [event.watch.owner_id]
    rows = Watch.objects.filter(node=event.node, camera=event.camera)
    return sorted(set(rows.values_list("owner", flat=True)))
