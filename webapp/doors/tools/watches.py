"""The tools about watches: list them, list their events, and draft one. None starts a watch: a person does, on its page."""

from typing import Any

from channels.db import database_sync_to_async
from django.urls import reverse
from pydantic import BaseModel, Field

from inference.watches import lifecycle
from inference.watches.events import selection
from inference.watches.http.events import Choice, EventPage, Times, event_schema
from inference.watches.http.watches import Settings, WatchPage, watch_schema
from webapp.doors.caller import Caller
from webapp.doors.tools.lists import Part, page
from webapp.doors.tools.tool import Progress, Tool
from webapp.live.http import PageQuery, paginate


class EventsArguments(Part, Times, Choice):
    pass


class DraftArguments(Settings):
    camera: str = Field(
        "",
        max_length=80,
        description="Its name, or `device/camera`, as in list_devices; empty: the first that the person may use.",
        examples=["jetson-a/porch"],
    )
    title: str = Field("", max_length=80, description="Empty: what it looks for.")
    run: int | None = Field(None, ge=1, description="A training run whose model watches instead of the bundled ones.")


class WatchDraft(BaseModel):
    watch: int = Field(description="Its id.")
    state: str = Field(examples=["draft"])
    page: str = Field(description="Where a person reads, changes and starts it.")
    node: str = Field(examples=["jetson-a"])
    camera: str = Field(examples=["porch"])
    title: str = Field(examples=["dog"])
    settings: dict[str, Any] = Field(description="With the defaults of what was left out.")


async def _list_events(caller: Caller, arguments: EventsArguments, progress: Progress) -> EventPage:
    return await database_sync_to_async(_events)(caller, arguments)


def _events(caller: Caller, arguments: EventsArguments) -> EventPage:
    query = PageQuery(limit=arguments.limit, offset=arguments.offset)
    rows = selection.events(caller.person, arguments.selection())
    return EventPage.model_validate(paginate(rows, query, event_schema).model_dump())


async def _draft(caller: Caller, arguments: DraftArguments, progress: Progress) -> WatchDraft:
    return await database_sync_to_async(_drafted)(caller, arguments)


def _drafted(caller: Caller, arguments: DraftArguments) -> WatchDraft:
    spec = arguments.model_dump(exclude_unset=True, exclude={"title"})
    row = lifecycle.sketch(caller.person, spec, title=arguments.title)
    return WatchDraft(
        watch=row.pk,
        state=row.state,
        page=f"{caller.site}{reverse('watches:edit', args=[row.pk])}",
        node=row.node,
        camera=row.camera,
        title=row.title,
        settings=row.settings,
    )


LIST_WATCHES = Tool(
    "list_watches",
    "List watches",
    "Lists the person's own watches: what each looks for, on which camera, whether it is on, why it is not evaluated although "
    "it is on, and what it has cost.",
    Part,
    WatchPage,
    page(lifecycle.all_of, watch_schema, WatchPage),
)
LIST_EVENTS = Tool(
    "list_watch_events",
    "List events of watches",
    "Lists what the person's watches have raised and how their cameras failed, newest first: since and until when, how sure, "
    "in words. Pictures stay on the devices and are not part of it.",
    EventsArguments,
    EventPage,
    _list_events,
)
DRAFT_WATCH = Tool(
    "draft_watch",
    "Draft a watch",
    "Stores a watch of a camera as a draft and returns the page on which a person may start it. It needs a thing to look for "
    "or a question. Nothing is watched before.",
    DraftArguments,
    WatchDraft,
    _draft,
    changes=True,
)
