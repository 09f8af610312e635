"""What is told of an event, to its people: an event that was raised, and a camera that fails."""

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import gettext_noop

from devices.contract.watches import FAULTS
from inference.watches import live
from inference.watches.models import CHECKING, DISMISSED, Event
from webapp.notices import tell as notices

RAISED, CAMERA = "watch.raised", "watch.camera"  # kinds of notices
REASONS = {
    "camera_lost": gettext_noop("It gives no picture."),
    "camera_unsteady": gettext_noop("Its pictures come and go."),
    "camera_noise": gettext_noop("It shows nothing but noise."),
    "camera_dark": gettext_noop("It shows nothing but black: its lens is covered, or there is no light."),
}


def tell(event: Event) -> None:
    """Once to each of its people, in the transaction of the event. What an edge dismissed, or is asked about, is not told."""
    if event.check_state in (CHECKING, DISMISSED) or event.kind not in ("raised", *FAULTS):
        return
    kind = RAISED if event.kind == "raised" else CAMERA
    for person in get_user_model().objects.filter(pk__in=live.people(event), is_active=True):
        notices.tell(
            notices.Event(
                kind,
                values_of(event),
                subject=f"{event.node}/{event.camera}"[:80],
                link=f"{reverse('watches:page')}?event={event.pk}",
                person=person,
                key=f"{kind}:{event.pk}:{event.uid[:8]}:{person.pk}",
                at=event.at,
            )
        )


def values_of(event: Event) -> dict[str, str | int | float]:
    """They go out as data: names and numbers, never a picture or a caption."""
    values: dict[str, str | int | float] = {"node": event.node, "camera": event.camera, "event": event.pk}
    if event.kind == "raised":
        title = event.watch.title if event.watch else event.camera
        return {
            **values,
            "title": title,
            "watch": event.watch_id or 0,
            "percent": min(99, round(100 * (event.confidence or 0))),
        }
    return {**values, "what": event.kind, "reason": REASONS[event.kind]}
