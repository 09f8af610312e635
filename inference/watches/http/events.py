"""Events of watches and cameras over HTTP, their pictures, and what a camera shows now."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from inference.watches import live
from inference.watches.events import pictures
from inference.watches.models import Event as Row
from webapp.live.errors import not_found
from webapp.live.http import Moment, Page, PageQuery, change, operation, paginate

router = Router(tags=["watches"])
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
    dropped: int = Field(description="Events before it that the device had no room for.")
    receipt: dict[str, Any] = Field(
        description="frames, looks, bytes and ms since the watch's last event; checks and views; model, where it is a run's."
    )


class EventPage(Page[Event]):
    pass


class EventQuery(PageQuery):
    watch: int | None = Field(None, description="Of this watch alone.")
    node: str = Field("", max_length=40, description="Of this device alone.")
    camera: str = Field("", max_length=40, description="Of this camera alone.")
    kind: str = Field("", max_length=20, description="Of this kind alone.")


class Label(Schema):
    label: str = Field(max_length=60, description="What the picture shows.", examples=["no dog"])


def event_schema(row: Row) -> Event:
    return Event.model_validate(live.event_data(row))


@router.get("/events", **operation("list_watch_events", "List events, newest first", {200: EventPage}))
def list_watch_events(request: HttpRequest, query: Query[EventQuery]) -> Page[Event]:
    rows = live.visible(request.user)
    wanted = {"watch_id": query.watch, "node": query.node, "camera": query.camera, "kind": query.kind}
    return paginate(rows.filter(**{name: value for name, value in wanted.items() if value}), query, event_schema)


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
