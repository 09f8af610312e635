"""A person's watches over HTTP."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from inference.watches import lifecycle, live
from inference.watches.models import Watch as Row
from webapp.live.http import Moment, Page, PageQuery, change, operation, paginate

router = Router(tags=["watches"])
NO_WATCH = {404: "`not_found`: no such watch."}
SETTINGS_ERRORS = {
    403: "`camera_not_allowed`: an administrator decides who may use it.",
    404: "`not_found`: no such device. `no_model`: no such training run.",
    409: "`too_many_watches`: a device takes 16.",
    422: "`bad_watch`, `no_camera`, `unknown_class`, `unknown_thing`.",
}


class Settings(Schema):
    looks_for: str = Field("", max_length=60, description="A thing; or else give a question.", examples=["dog"])
    question: str = Field("", max_length=300, examples=["is the gate open?"])
    expected: str = Field("yes", max_length=60, description="The answer to the question that counts.")
    per_second: float = Field(1.0, description="Frames, 0.02 to 5.")
    motion: float = Field(0.01, description="Share of the zone that has to change before the model looks.")
    zone: dict[str, float] = Field({}, description="left, top, right, bottom, as fractions; empty: the whole frame.")
    hits: int = Field(2, description="Looks that have to see it …")
    window: int = Field(3, description="… of so many.")
    clear_after: int = Field(3, description="Looks in a row without it, after which the event is over.")
    least: float = Field(0.6, description="Confidence that counts as seeing it.")
    cool_down_s: float = Field(30.0, description="Seconds after an event in which none is raised.")
    quiet: dict[str, str] | None = Field(None, description="start and until as HH:MM, and time_zone; nothing is raised then.")
    keeps_snapshot: bool = Field(True, description="The device keeps a picture of each event.")
    escalates: bool = Field(False, description="What the device is unsure of is asked of an edge; its picture goes there.")


class NewWatch(Schema):
    node: str = Field(max_length=40, examples=["jetson-a"])
    camera: str = Field(max_length=40, examples=["porch"])
    title: str = Field("", max_length=80, description="Empty: what it looks for.")
    run: int | None = Field(None, ge=1, description="A training run whose model watches instead of the bundled ones.")
    settings: Settings


class Cost(Schema):
    seconds: float = Field(description="For which the camera was watched.")
    frames: int
    looks: int = Field(description="Frames that a model looked at.")
    bytes: int = Field(description="Sent by the device: events, checks by an edge, pictures that were looked at.")
    ms: float = Field(description="Computed on the device.")
    joules: float | None = Field(description="That the board drew while it computed; None where it does not measure it.")


class Watch(Schema):
    id: int
    title: str = Field(examples=["dog"])
    node: str = Field(examples=["jetson-a"])
    camera: str = Field(examples=["porch"])
    state: str = Field(description="`draft` until it is confirmed, `on` or `paused`.", examples=["on"])
    applied: bool = Field(description="The device follows this version.")
    obstacle: str = Field(
        description="Why it is not evaluated although it is on: `revoked`, `offline`, `no_camera`, `not_allowed`, `no_model`, "
        "`no_class`, `fault` of the camera, `unable`; or empty."
    )
    unable: str = Field(description="Why the device cannot evaluate it now, in its words.")
    rare: bool = Field(description="The models have no class of what it looks for, and are rarely sure of it.")
    run: int | None
    classes: list[str] = Field(description="Of that run, where it has a model.")
    newer: int | None = Field(description="A later run of yours that has the class too.")
    settings: dict[str, Any] = Field(description="As in `create_watch`.")
    cost: Cost | None = Field(description="Of the last 30 days; None before the device has reported one.")
    created: Moment


class WatchPage(Page[Watch]):
    pass


class Switch(Schema):
    on: bool = Field(description="False pauses it. True resumes it, or confirms a draft.")


def watch_schema(row: Row) -> Watch:
    return Watch.model_validate(live.watches_data([row])[0])


@router.get("", **operation("list_watches", "List your watches", {200: WatchPage}))
def list_watches(request: HttpRequest, query: Query[PageQuery]) -> Page[Watch]:
    return paginate(lifecycle.all_of(request.user), query, watch_schema)


@router.post("", **change("create_watch", "Have a camera watched", {201: Watch}, SETTINGS_ERRORS))
def create_watch(request: HttpRequest, body: NewWatch) -> Status[Watch]:
    """The device follows within one heartbeat, a few seconds."""
    row = lifecycle.create(request.user, body.node, body.camera, body.title, body.settings.model_dump(), body.run)
    return Status(201, watch_schema(row))


@router.get("/{int:number}", **operation("get_watch", "Read one watch", {200: Watch}, NO_WATCH))
def get_watch(request: HttpRequest, number: int) -> Watch:
    return watch_schema(lifecycle.own(request.user, number))


@router.put("/{int:number}", **change("change_watch", "Change a watch", {200: Watch}, SETTINGS_ERRORS))
def change_watch(request: HttpRequest, number: int, body: NewWatch) -> Watch:
    """What stands raised stays raised."""
    row = lifecycle.own(request.user, number)
    return watch_schema(lifecycle.change(row, body.node, body.camera, body.title, body.settings.model_dump(), body.run))


@router.post(
    "/{int:number}/switch", **change("switch_watch", "Pause, resume or confirm a watch", {200: Watch}, SETTINGS_ERRORS)
)
def switch_watch(request: HttpRequest, number: int, body: Switch) -> Watch:
    return watch_schema(lifecycle.switch(lifecycle.own(request.user, number), body.on))


@router.delete("/{int:number}", **change("delete_watch", "Delete a watch with its events", {204: None}, NO_WATCH))
def delete_watch(request: HttpRequest, number: int) -> Status[None]:
    lifecycle.delete(lifecycle.own(request.user, number))
    return Status(204, None)
