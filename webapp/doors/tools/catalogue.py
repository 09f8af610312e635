"""Every tool, in the order in which assistants see them."""

from webapp.doors.tools.ask import ASK
from webapp.doors.tools.lists import LIST_CONVERSATIONS, LIST_DEVICES, LIST_PHOTOS
from webapp.doors.tools.search import SEARCH_PHOTOS
from webapp.doors.tools.tool import AnyTool
from webapp.doors.tools.training import DRAFT_TRAINING_RUN

TOOLS: list[AnyTool] = [ASK, SEARCH_PHOTOS, LIST_PHOTOS, LIST_DEVICES, LIST_CONVERSATIONS, DRAFT_TRAINING_RUN]


def named(name: str) -> AnyTool | None:
    return next((tool for tool in TOOLS if tool.name == name), None)
