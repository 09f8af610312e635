"""Every tool, in the order in which assistants see them."""

from webapp.doors.tools.ask import ASK
from webapp.doors.tools.lists import LIST_ALBUMS, LIST_CONVERSATIONS, LIST_DEVICES, LIST_PHOTOS
from webapp.doors.tools.search import SEARCH_PHOTOS
from webapp.doors.tools.tool import AnyTool
from webapp.doors.tools.training import DRAFT_TRAINING_RUN
from webapp.doors.tools.watches import DRAFT_WATCH, LIST_EVENTS, LIST_WATCHES

TOOLS: list[AnyTool] = [
    ASK,
    SEARCH_PHOTOS,
    LIST_PHOTOS,
    LIST_ALBUMS,
    LIST_DEVICES,
    LIST_CONVERSATIONS,
    LIST_WATCHES,
    LIST_EVENTS,
    DRAFT_WATCH,
    DRAFT_TRAINING_RUN,
]


def named(name: str) -> AnyTool | None:
    return next((tool for tool in TOOLS if tool.name == name), None)
