"""Events that a device delivers: each is stored once, whatever the device repeats, and then shown and told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from devices.contract.watches import OF_CAMERAS, Delivered, Delivery, WatchEvent
from devices.models import Node
from inference.watches import costs, live
from inference.watches.events import recording, telling
from inference.watches.models import CHECKING, Event, Watch

OLDEST = timedelta(days=30)  # an event may be this late; a clock that says more is wrong
MOST = 5000  # events of one device that are kept
TALLIES = timedelta(days=1)  # for which a cost that was reported is known again; a device repeats within minutes


def store(node: Node, delivery: Delivery, check: Callable[[Event], None]) -> Delivered:
    """`check` has an edge asked about an event that the device is unsure of."""
    now, watches = timezone.now(), dict[int, Watch]()
    for reported in delivery.events:
        at = now - min(max(timedelta(seconds=delivery.now - reported.at), timedelta()), OLDEST)
        with transaction.atomic():
            event = _stored(node, reported, at)
            if event is not None and event.uid == reported.id:  # otherwise it was told when it began
                telling.tell(event)
        if event is None:
            continue
        if event.watch is not None:
            watches[event.watch.pk] = event.watch
        if event.kind not in live.NOT_LISTED:
            live.announce_event(event)
        if event.uid == reported.id and event.check_state == CHECKING:
            check(event)
    for watch in watches.values():  # with what it has cost now
        live.announce(watch)
    _make_room(node, now)
    return Delivered(number=delivery.events[-1].number)


def _stored(node: Node, reported: WatchEvent, at: datetime) -> Event | None:
    """The event that is new, ended or described now; None where the server knew it, or its watch is gone."""
    if reported.kind == "described":
        return _described(node, reported)
    watch = Watch.objects.filter(pk=reported.watch, node=node.slug).first()
    if watch is None and reported.kind not in OF_CAMERAS:
        return None
    unsure = reported.kind == "raised" and not reported.sure and watch is not None and _escalates(watch)
    event, new = Event.objects.get_or_create(
        node=node.slug,
        uid=reported.id,
        defaults={
            "number": reported.number,
            "watch": watch,
            "camera": reported.camera,
            "kind": reported.kind,
            "at": at,
            "confidence": reported.confidence,
            "sure": reported.sure,
            "seen": reported.seen,
            "has_snapshot": reported.has_snapshot,
            "check_state": CHECKING if unsure and reported.has_snapshot else "",
            "dropped": reported.dropped,
            "receipt": _receipt(reported),
        },
    )
    if not new:
        return None
    if watch is not None:
        costs.add(watch, reported.cost, at)
        recording.reported(watch, event, reported.cost)
    return _ended(node, reported.about, at) if reported.kind == "cleared" else event


def _receipt(reported: WatchEvent) -> dict[str, Any]:
    model = {"model": f"run {reported.run}"} if reported.run else {}
    return {"route": "device", "photo_left_device": False, **model, **reported.cost.model_dump(mode="json")}


def _escalates(watch: Watch) -> bool:
    """An edge has the bundled models alone, so it knows nothing of the classes of a training run."""
    return watch.run is None and bool(watch.settings.get("escalates"))


def _ended(node: Node, uid: str, at: datetime) -> Event | None:
    raised = Event.objects.filter(node=node.slug, uid=uid, kind="raised", ended=None).select_related("watch").first()
    if raised is not None:
        raised.ended = max(at, raised.at)
        raised.save(update_fields=["ended"])
    return raised


def _described(node: Node, reported: WatchEvent) -> Event | None:
    event = Event.objects.filter(node=node.slug, uid=reported.about).select_related("watch").first()
    if event is None or event.caption == reported.seen:
        return None
    event.caption = reported.seen
    event.save(update_fields=["caption"])
    if event.watch is not None:
        recording.described(event)
    return event


def _make_room(node: Node, now: datetime) -> None:
    """The oldest go: a device must not fill the database."""
    rows = Event.objects.filter(node=node.slug).order_by("-pk")
    rows.filter(kind="tally", received__lt=now - TALLIES).delete()
    oldest = rows.values_list("pk", flat=True)[MOST : MOST + 1].first()
    if oldest is not None:
        rows.filter(pk__lte=oldest).delete()
