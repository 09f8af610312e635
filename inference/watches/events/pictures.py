"""The pictures of events. They stay on the device, and cross the link when somebody looks who may still use the camera."""

import secrets
from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from devices import dispatch
from devices.camera_access import rules
from devices.contract.jobs import LabelSnapshot, ShowSnapshot
from devices.contract.watches import Cost
from inference.watches import checks, costs, live
from inference.watches.models import Event
from webapp.accounts import audit
from webapp.live.at_once import AtOnce
from webapp.live.errors import UserError

Reply = TypeVar("Reply")
CALLS = AtOnce(6, "pictures being fetched from devices")
SECONDS = 20.0
TRY_AGAIN = "Check that the device is online, then try again."


def snapshot(person: AbstractBaseUser, event: Event) -> bytes:
    """A JPEG, to be looked at. Raises UserError."""
    check(person, event)
    audit.record(person, "event picture viewed", f"camera:{event.node}/{event.camera}", f"event {event.pk}")
    return fetch(person, event)


def fetch(person: AbstractBaseUser, event: Event) -> bytes:
    """A JPEG, for whoever may have it. The event's receipt has what it cost. Raises UserError."""
    blob = f"snapshot-{secrets.token_hex(8)}"
    data = _fetched(
        person, event.node, blob, lambda: dispatch.call(event.node, ShowSnapshot(event=event.uid, blob=blob), SECONDS)
    )
    shown = int(event.receipt.get("shown_bytes", 0)) + len(data)
    event.receipt = {**event.receipt, "shown_bytes": shown, "photo_left_device": True}
    event.save(update_fields=["receipt"])
    live.announce_event(event)
    if event.watch is not None:
        costs.add(event.watch, Cost(bytes=len(data)), timezone.now())
        live.announce(event.watch)
    return data


def label(person: AbstractBaseUser, event: Event, name: str) -> Event:
    """Say what an event's picture shows. It joins the photos that its device trains on. Raises UserError."""
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise UserError("bad_label", "A label has 1 to 60 characters.", "Type what the picture shows.", 422)
    check(person, event)
    _asked(person, lambda: dispatch.call(event.node, LabelSnapshot(event=event.uid, label=name), SECONDS))
    event.label = name
    event.save(update_fields=["label"])
    live.announce_event(event)
    return event


def check(person: AbstractBaseUser, event: Event) -> None:
    """Whether there is a picture that this person may see. Raises UserError."""
    if not event.has_snapshot:
        raise UserError("no_picture", "No picture was kept of this event.", "The watch can be set to keep one.", 404)
    if not rules.read().may_use(person.pk, event.node, event.camera):
        audit.record(person, "event picture refused", f"camera:{event.node}/{event.camera}", f"event {event.pk}")
        raise checks.not_allowed(event.node, event.camera)


def _fetched(person: AbstractBaseUser, node: str, blob: str, ask: Callable[[], object]) -> bytes:
    def fetch() -> bytes:
        ask()
        return dispatch.take_blob(node, blob)

    return _asked(person, fetch)


def _asked(person: AbstractBaseUser, ask: Callable[[], Reply]) -> Reply:
    """The device's reply; a refusal in its own words."""
    with CALLS.of(person.pk), dispatch.on_behalf_of(person.pk):
        try:
            return ask()
        except dispatch.StageFailed as error:
            status = {"bad_label": 422, "photo_missing": 404}.get(error.code, 502)
            raise UserError(error.code, str(error), TRY_AGAIN, status) from error
        except dispatch.NodeGone as error:
            raise UserError("node_offline", str(error), "Start it, then try again.", 503) from error
