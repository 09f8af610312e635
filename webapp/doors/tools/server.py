"""The tools as the `mcp` package serves them."""

import logging
from functools import cache
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as Listed
from pydantic import ValidationError

from devices.agent import VERSION
from webapp.doors.caller import Caller
from webapp.doors.tools import catalogue
from webapp.doors.tools.tool import CALLER, AnyTool, Progress
from webapp.errors import INTERNAL
from webapp.live.errors import UserError
from webapp.live.outages import DATABASE_ERRORS, outage
from webapp.live.storable import storable

log = logging.getLogger(__name__)
INSTRUCTIONS = (
    "Isthmus answers questions about photos that small devices hold. Ask with `ask`; to ask on about the same photo, name "
    "the conversation of the answer before. `search_photos` finds photos by what they show. Watches look at cameras all the "
    "time: `list_watch_events` says what they saw, and a draft of `draft_watch` watches nothing until a person starts it. "
    "Where an answer says that the models doubt, say so too."
)


@cache
def server() -> Server[Any]:
    return Server("isthmus", version=VERSION, instructions=INSTRUCTIONS, on_list_tools=_list_tools, on_call_tool=_call_tool)


async def _list_tools(context: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(tools=[_listed(tool) for tool in catalogue.TOOLS])


def _listed(tool: AnyTool) -> Listed:
    return Listed(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(read_only_hint=not tool.changes, destructive_hint=False, open_world_hint=False),
    )


async def _call_tool(context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
    """What goes wrong while a tool works is a result, so that the assistant reads the sentence and may mend its call."""
    tool = catalogue.named(params.name)
    if tool is None:
        names = ", ".join(tool.name for tool in catalogue.TOOLS)
        raise MCPError(INVALID_PARAMS, f"There is no tool “{params.name[:60]}”. Use one of {names}.")
    request: Any = context.request
    caller: Caller = request.scope[CALLER]
    try:
        arguments = tool.arguments.model_validate(storable(params.arguments or {}))
        result = await tool.run(caller, arguments, _progress_of(context))
    except ValidationError as error:
        return _refusal(_invalid(error))
    except UserError as error:
        return _refusal(error)
    except DATABASE_ERRORS as error:
        log.error("%s: %s", tool.name, error)
        return _refusal(outage(error) or INTERNAL)
    except Exception:
        log.exception("%s failed", tool.name)
        return _refusal(INTERNAL)
    content = TextContent(type="text", text=result.model_dump_json())
    return CallToolResult(content=[content], structured_content=result.model_dump(mode="json"))


def _progress_of(context: ServerRequestContext[Any, Any]) -> Progress:
    """Reported where the client asked for it, counted in events, as nobody knows how many there will be."""
    count = 0

    async def report(what: str) -> None:
        nonlocal count
        count += 1
        await context.session.report_progress(count, message=what)

    return report


def _refusal(error: UserError) -> CallToolResult:
    text = " ".join(filter(None, (error.message, error.next)))
    content = TextContent(type="text", text=text)
    return CallToolResult(content=[content], structured_content={"error": dict(error.body())}, is_error=True)


def _invalid(error: ValidationError) -> UserError:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the arguments"
    message = f"{where}: {first['msg'].removeprefix('Value error, ').rstrip('.')}."
    return UserError("invalid_request", message, "The fields and their types are in the tool's schema.", 422)
