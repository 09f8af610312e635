"""Events of watches and cameras over HTTP, their pictures, and what a camera shows now."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from inference.watches import live
from inference.watches.events import keeping, lanes, pictures, selection
from inference.watches.events.selection import Selection, Verdict
from inference.watches.models import Event as Row
from webapp.live.errors import not_found
from webapp.live.http import Moment, Page, PageQuery, change, operation, paginate

router = Router(tags=["watches"])
NO_EVENT = {404: "`not_found`: no such event of yours; it may have been deleted with its watch, or for its age."}
PICTURE_ERRORS = {
    403: "`camera_not_allowed`: the camera is no longer yours to use.",
    404: "`not_found`: no such event. `no_picture`, `photo_missing`: the device has none.",
    502: "`camera`: the camera gives no picture. `disk_full` and other reasons of the device.",
    503: "`node_offline`: the device does not answer.",
}


class Event(Schema):
    id: int
    watch: int | None = Field(description="None for an event of the camera itself.")
    title: str = Field(description="Of the watch.", examples=["dog"])
    node: str = Field(examples=["jetson-a"])
    camera: str = Field(examples=["porch"])
    kind: str = Field(description="`raised`, `camera_lost`, `camera_back`, `camera_unsteady`, `camera_noise` or `camera_dark`.")
    at: Moment
    ended: Moment | None = Field(description="When it was cleared; None while it lasts.")
    confidence: float | None
    sure: bool
    seen: str
    caption: str = Field(description="Of the picture; it follows the event.")
    has_snapshot: bool
    check: str = Field(
        description="Of an edge: `checking`, `confirmed`, `dismissed`, `undecided` or `unchecked`; empty: none was asked."
    )
    label: str = Field(description="What a person said it shows; the device trains on it.")
    verdict: str = Field(description="What that says of the event: `right`, `wrong`, or empty while nobody said anything.")
    dropped: int = Field(description="Events before it that the device had no room for.")
    photo: UUID | None = Field(description="In your library, where you keep its picture.")
    receipt: dict[str, Any] = Field(
        description="frames, looks, bytes and ms since the watch's last event; checks and views; model, where it is a run's."
    )


class EventPage(Page[Event]):
    pass


class Times(Schema):
    since: AwareDatetime | None = Field(None, description="At this moment or later.")
    until: AwareDatetime | None = Field(None, description="Before this moment.")


class Choice(Schema):
    watch: int | None = Field(None, description="Of this watch alone.")
    node: str = Field("", max_length=40, description="Of this device alone.")
    camera: str = Field("", max_length=40, description="Of this camera alone.")
    kind: str = Field("", max_length=20, description="Of this kind alone.")
    verdict: Verdict = Field(
        "", description="Those alone that a person called `right` or `wrong`, or those (`none`) that wait for a person's word."
    )

    def selection(self) -> Selection:
        """With the times, where it has some."""
        fields = (*Choice.model_fields, *Times.model_fields)
        return Selection(**{name: getattr(self, name) for name in fields if name in type(self).model_fields})


class EventQuery(PageQuery, Times, Choice):
    pass


class Span(Schema):
    sort: str = Field(description="`raised`, `dismissed` by an edge, or `fault` of the camera.")
    event: int = Field(description="The latest event in it.")
    kind: str = Field(description="Of that event.")
    title: str = Field(description="Of that event's watch; empty for a fault.")
    count: int = Field(description="Events in it; those less than four minutes apart are one span.")
    at: Moment
    until: Moment | None = Field(description="None while it lasts.")


class Lane(Schema):
    node: str = Field(examples=["jetson-a"])
    camera: str = Field(examples=["porch"])
    spans: list[Span] = Field(description="In the order in which they began.")


class Lanes(Schema):
    since: Moment = Field(description="Everything from then on is in it: 24 hours ago, or later where too much happened.")
    lanes: list[Lane] = Field(description="By device and camera, at most 30.")
    hidden: int = Field(description="Further cameras with events.")


class Label(Schema):
    label: str = Field(max_length=60, description="What the picture shows.", examples=["no dog"])


def event_schema(row: Row) -> Event:
    return Event.model_validate(live.event_data(row))


@router.get("/events", **operation("list_watch_events", "List events, newest first", {200: EventPage}))
def list_watch_events(request: HttpRequest, query: Query[EventQuery]) -> Page[Event]:
    return paginate(selection.events(request.user, query.selection()), query, event_schema)


@router.get("/lanes", **operation("get_watch_lanes", "Summarise the last 24 hours by camera", {200: Lanes}))
def get_watch_lanes(request: HttpRequest, query: Query[Choice]) -> Lanes:
    return Lanes.model_validate(lanes.of(request.user, query.selection(), timezone.now()))


@router.get("/events/{int:number}", **operation("get_watch_event", "Read one event", {200: Event}, NO_EVENT))
def get_watch_event(request: HttpRequest, number: int) -> Event:
    return event_schema(_event(request, number))


@router.get(
    "/events/{int:number}/picture",
    **operation(
        "get_event_picture", "Fetch the picture of an event from its device", {200: None}, PICTURE_ERRORS, "image/jpeg"
    ),
)
def get_event_picture(request: HttpRequest, number: int) -> HttpResponse:
    """It stays on the device until somebody asks for it; the server keeps no copy."""
    return _jpeg(pictures.snapshot(request.user, _event(request, number)))


@router.post(
    "/events/{int:number}/keep",
    **change(
        "keep_event_picture",
        "Keep the picture of an event",
        {201: Event, 200: Event},
        {**PICTURE_ERRORS, 507: "`storage_full`: your photos use what you may; delete some. `disk_full`."},
    ),
)
def keep_event_picture(request: HttpRequest, number: int) -> Status[Event]:
    """It becomes a photo of your library (`photo`), which says what took it and when, and counts as yours. The answer is 200
    where you have it already."""
    event, is_new = keeping.keep(request.user, _event(request, number))
    return Status(201 if is_new else 200, event_schema(event))


@router.post(
    "/events/{int:number}/label",
    **change(
        "label_event",
        "Say what the picture of an event shows",
        {200: Event},
        {**PICTURE_ERRORS, 422: "`bad_label`."},
    ),
)
def label_event(request: HttpRequest, number: int, body: Label) -> Event:
    """It becomes a labelled photo on its device, for the next training run there. Saying it again replaces it."""
    return event_schema(pictures.label(request.user, _event(request, number), body.label))


def _event(request: HttpRequest, number: int) -> Row:
    row = live.visible(request.user).filter(pk=number).first()
    if row is None:
        raise not_found("event")
    return row


def _jpeg(data: bytes) -> HttpResponse:
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "no-store"})
