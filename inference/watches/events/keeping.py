"""Keeping the picture of an event: it joins the library of whoever watches, with what took it and when.

The device keeps its own picture in a bounded place and drops the oldest (devices/agent/watching/snapshots.py); a photo of the
library stays until its owner deletes it, and counts as theirs.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from typing_extensions import TypedDict

from inference.models import Photo
from inference.photos import quota, store
from inference.watches import live
from inference.watches.events import pictures
from inference.watches.models import Event, KeptPicture
from webapp.accounts import audit


class TakenJson(TypedDict):
    device: str
    camera: str
    at: str


def keep(person: AbstractBaseUser, event: Event) -> tuple[Event, bool]:
    """The event with its photo, and whether that is new; a picture that is there already does not cross the link again. Raises
    UserError."""
    pictures.check(person, event)
    if live.kept_photo(event):
        return event, False
    quota.check(person.pk)  # before anything crosses the link
    audit.record(person, "event picture kept", f"camera:{event.node}/{event.camera}", f"event {event.pk}")
    stored = store.add(person, [pictures.fetch(person, event)], kept=True)
    facts = {"photo": stored.photo, "node": event.node, "camera": event.camera, "at": event.at}
    with transaction.atomic():
        if present := Event.objects.select_for_update().filter(pk=event.pk).first():
            KeptPicture.objects.update_or_create(event=present, defaults=facts)
        else:  # the event was deleted meanwhile
            KeptPicture.objects.create(**facts)
    event = Event.objects.select_related("watch", "kept__photo").filter(pk=event.pk).first() or event
    live.announce_event(event)
    return event, stored.is_new


def taken(photo: Photo) -> TakenJson | None:
    """What took a photo that was the picture of an event."""
    row = photo.kept_pictures.first()
    return {"device": row.node, "camera": row.camera, "at": row.at.isoformat()} if row else None
