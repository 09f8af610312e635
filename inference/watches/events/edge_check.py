"""Asking an edge about an event that the device is unsure of: its picture is sent there, small, and its models decide."""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from devices import dispatch
from devices.contract.jobs import RunWhole, ShowSnapshot
from devices.contract.watches import Cost, WatchSettings
from inference.engine.doubt import Certainty, certainty
from inference.engine.tasks.wording import presence_question
from inference.placement import fleet
from inference.watches import costs, live
from inference.watches.events import recording, telling
from inference.watches.models import CHECKING, CONFIRMED, DISMISSED, UNCHECKED, UNDECIDED, Event

log = logging.getLogger(__name__)
SIDE = 512  # pixels that are sent
SECONDS = 60.0
HALF = 0.5
LOST_AFTER, PATIENCE = timedelta(seconds=90), timedelta(minutes=15)
NO_EDGE = "No edge was online."


def check(number: int) -> None:
    """Ends confirmed, dismissed, undecided or unchecked. A second call at the same time changes nothing."""
    event = Event.objects.filter(pk=number, check_state=CHECKING).select_related("watch").first()
    if event is None or event.watch is None:
        return
    outcome, code, facts = UNCHECKED, "ok", dict[str, Any]()
    edge = fleet.edge_for(fleet.online(without=set()))
    try:
        if edge is None:
            code, facts["check"] = "no_edge", NO_EDGE
        else:
            outcome = _asked(event, event.watch.spec, edge.slug, facts)
    except (dispatch.NodeGone, dispatch.StageFailed) as error:
        code = error.code if isinstance(error, dispatch.StageFailed) else "node_offline"
        facts["check"] = str(error)[:300]
    _settle(event, outcome, facts, lambda: recording.checked(event, edge.slug if edge else "", code, facts))


def overdue() -> list[int]:
    """Events whose check was lost, to be checked again; those that wait too long are told as they are."""
    now = timezone.now()
    waiting = Event.objects.filter(check_state=CHECKING, received__lt=now - LOST_AFTER).select_related("watch")
    for event in waiting.filter(received__lt=now - PATIENCE):
        _settle(event, UNCHECKED, {"check": "It was not checked in time."})
    return list(waiting.filter(check_state=CHECKING).values_list("pk", flat=True)[:20])


def _settle(event: Event, outcome: str, facts: dict[str, Any], record: Callable[[], None] = lambda: None) -> None:
    receipt = {**event.receipt, **facts}
    with transaction.atomic():
        if not Event.objects.filter(pk=event.pk, check_state=CHECKING).update(check_state=outcome, receipt=receipt):
            return
        event.check_state, event.receipt = outcome, receipt
        if event.watch is not None:
            costs.add(event.watch, Cost(bytes=facts.get("check_bytes", 0)), timezone.now())
            record()
        telling.tell(event)
    live.announce_event(event)


def _asked(event: Event, spec: WatchSettings, edge: str, facts: dict[str, Any]) -> str:
    """The outcome; `facts` gets what it adds to the receipt, also of a check that fails. Raises what dispatch.call raises."""
    blob, started = f"check-{secrets.token_hex(8)}", time.monotonic()
    try:
        sent = dispatch.call(event.node, ShowSnapshot(event=event.uid, blob=blob, side=SIDE), SECONDS)
        facts |= {"check_bytes": sent.bytes, "photo_left_device": True}
        dispatch.hand_over(event.node, edge, blob, sent.bytes)
        question = spec.question or presence_question(spec.looks_for)
        try:
            done = dispatch.call(edge, RunWhole(task="vqa", question=question, blob=blob), SECONDS)
        finally:
            dispatch.drop_blob(edge, blob)
    finally:
        facts["check_ms"] = round(1000 * (time.monotonic() - started), 1)
    wanted = spec.expected.strip().casefold() if spec.question else "yes"
    confidence = next((share for text, share in done.answer.top if text.casefold() == wanted), 0.0)
    facts |= {"route": "edge", "edge": edge, "check_confidence": confidence}
    if certainty(max(confidence, 1 - confidence), done.answer.sure) is not Certainty.FLAT:
        return UNDECIDED
    return CONFIRMED if confidence >= HALF else DISMISSED
