"""The tools that list what a person has: photos, albums, conversations, and the devices of the installation."""

from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import QuerySet
from pydantic import BaseModel, Field

from devices.camera_access import rules
from devices.models import Node as NodeRow
from devices.nodes_api import node_schema
from inference.models import Photo
from inference.photos import albums
from webapp.chat.api_schemas import ConversationPage, PhotoPage
from webapp.chat.library.api import summary
from webapp.chat.models import Conversation
from webapp.chat.photos_api import photo_details
from webapp.doors.caller import Caller
from webapp.doors.tools.tool import Progress, Tool
from webapp.library.schemas import Albums, LibraryAlbum
from webapp.live.http import MAX_LIMIT, MAX_OFFSET, PageQuery, paginate

DEFAULT_LIMIT = 20


class Part(BaseModel):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many to list at most.")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many to skip.")


class Nothing(BaseModel):
    """No arguments."""


class Device(BaseModel):
    name: str = Field(examples=["jetson-a"])
    title: str
    tier: str = Field(description="`device`, which holds photos, or `edge`, which computes for devices.")
    state: str = Field(examples=["online"])
    models: str | None = Field(description="The models it has loaded.", examples=["compact"])
    cameras: list[str] = Field(description="Those that the person may use.")
    uplink_bytes_per_s: float | None
    round_trip_ms: float | None
    simulated: bool = Field(description="It is a part of the server's machine, slowed down.")
    trouble: str = Field(description="Why it is not used although it may be online; mostly empty.")


class Devices(BaseModel):
    devices: list[Device]


def page(rows: Callable[[Any], QuerySet[Any]], as_item: Callable[[Any], Any], shape: type[Any]) -> Callable[..., Any]:
    """What a tool does that lists a part of a person's rows."""

    def read(caller: Caller, part: Part) -> Any:
        query = PageQuery(limit=part.limit, offset=part.offset)
        return shape.model_validate(paginate(rows(caller.person), query, as_item).model_dump())

    async def run(caller: Caller, part: Part, progress: Progress) -> Any:
        return await database_sync_to_async(read)(caller, part)

    return run


async def _list_albums(caller: Caller, arguments: Nothing, progress: Progress) -> Albums:
    return await database_sync_to_async(_albums)(caller)


def _albums(caller: Caller) -> Albums:
    return Albums(items=[LibraryAlbum.model_validate(vars(album)) for album in albums.summaries(caller.person.pk)])


async def _list_devices(caller: Caller, arguments: Nothing, progress: Progress) -> Devices:
    return await database_sync_to_async(_devices)(caller)


def _devices(caller: Caller) -> Devices:
    access = rules.read()
    nodes = [node_schema(row, access, caller.person.pk) for row in NodeRow.objects.filter(revoked_at=None).order_by("slug")]
    return Devices(
        devices=[
            Device(
                name=node.slug,
                title=node.title,
                tier=node.tier,
                state=node.state,
                models=node.profile,
                cameras=[camera.name for camera in node.cameras],
                uplink_bytes_per_s=node.link.up_bytes_per_s if node.link else None,
                round_trip_ms=node.link.rtt_ms if node.link else None,
                simulated=node.simulated is not None,
                trouble=node.trouble,
            )
            for node in nodes
        ]
    )


LIST_PHOTOS = Tool(
    "list_photos",
    "List photos",
    "Lists the person's own photos, newest first, with the devices that hold them. Their ids are for `ask`.",
    Part,
    PhotoPage,
    page(lambda person: Photo.visible.filter(owner=person).order_by("-created", "pk"), photo_details, PhotoPage),
)
LIST_CONVERSATIONS = Tool(
    "list_conversations",
    "List conversations",
    "Lists the person's own conversations, the latest first. Their ids are for `ask`.",
    Part,
    ConversationPage,
    page(
        lambda person: Conversation.objects.filter(owner=person).order_by("-updated", "pk"),
        summary,
        ConversationPage,
    ),
)
LIST_ALBUMS = Tool(
    "list_albums",
    "List albums",
    "Lists the person's own albums of photos by name. Their ids are for `search_photos`.",
    Nothing,
    Albums,
    _list_albums,
)
LIST_DEVICES = Tool(
    "list_devices",
    "List devices",
    "Lists the devices and edge servers that answer questions: their state, models, cameras and links.",
    Nothing,
    Devices,
    _list_devices,
)
