"""Many nodes, their tags, and what their agents are asked for, over HTTP: for administrators."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from devices.agent_updates import rollouts
from devices.api_schemas import Node
from devices.camera_access import rules
from devices.fleet import bulk, tags, wishes
from devices.nodes_api import ADMIN, node_schema
from webapp.live.http import Moment, change, operation, require_admin

router = Router(tags=["nodes"])  # below /nodes, whose second part is a node's name
fleet = Router(tags=["nodes"])
Slug = Annotated[str, Field(max_length=40)]
UPDATE_REFUSED = "`updates_off`, `up_to_date`. `cannot_update`: only its installer can. `newer_agent`: it would be a step back."
AGENT = {**ADMIN, 409: "`node_offline`. `agent_too_old`: it does not know this."}


class Bulk(Schema):
    action: str = Field(max_length=20, json_schema_extra={"enum": [action.name for action in bulk.ACTIONS]})
    nodes: list[Slug] = Field(max_length=1000, description=f"Their slugs, at most {bulk.MOST}.", examples=[["jetson-a"]])
    tag: str = Field("", max_length=100, description="Of `tag` and `untag`.")


class Refused(Schema):
    node: str
    code: str = Field(examples=["node_offline"])
    message: str
    next: str


class BulkOutcome(Schema):
    done: list[str] = Field(description="Slugs of the nodes with which it was done.")
    refused: list[Refused] = Field(description="The others, each with its reason.")


class Tags(Schema):
    tags: list[Annotated[str, Field(max_length=100)]] = Field(max_length=tags.MOST, examples=[["kitchen", "orin"]])


class Stopped(Schema):
    stopped: int = Field(description="How many updates were under way: one or none.")


class AgentLog(Schema):
    state: Literal["none", "waiting", "here", "missing"] = Field(
        description="`none`: nobody asked lately; `waiting`: it comes with the next heartbeat; `missing`: it did not."
    )
    at: Moment | None = Field(description="When it came.")
    text: str = Field(description="The last lines, without secrets; at most 60 KB.")


@fleet.post(
    "/bulk",
    **change(
        "change_nodes",
        "Do the same with several nodes",
        {200: BulkOutcome},
        {403: ADMIN[403], 422: "`unknown_action`, `bad_number`, `bad_tag`: nothing was done."},
    ),
)
def change_nodes(request: HttpRequest, body: Bulk) -> BulkOutcome:
    """Tag, untag, restart, update the agent, rotate credentials, revoke. Each node is done or refused by itself."""
    require_admin(request)
    return BulkOutcome.model_validate(bulk.run(body.action, body.nodes, body.tag))


@fleet.post(
    "/updates/stop",
    **change("stop_agent_updates", "Stop updating agents", {200: Stopped}, {403: ADMIN[403]}),
)
def stop_agent_updates(request: HttpRequest) -> Stopped:
    """Nodes that already try the new agent finish; the others stay with theirs."""
    require_admin(request)
    return Stopped(stopped=rollouts.stop())


@router.post(
    "/{slug:slug}/update",
    **change("update_agent", "Update the agent of a node", {202: Node}, {**ADMIN, 409: UPDATE_REFUSED}),
)
def update_agent(request: HttpRequest, slug: str) -> Status[Node]:
    """To the server's, when its turn comes: nodes of one update follow the first once that one has worked for a while. One that
    went back from it tries it again."""
    require_admin(request)
    return Status(202, node_schema(rollouts.begin(slug), rules.read(), request.user.pk))


@router.put(
    "/{slug:slug}/tags",
    **change("set_node_tags", "Replace the tags of a node", {200: Node}, {**ADMIN, 422: "`bad_tag`, `too_many_tags`."}),
)
def set_node_tags(request: HttpRequest, slug: str, body: Tags) -> Node:
    require_admin(request)
    return node_schema(tags.replace(slug, body.tags), rules.read(), request.user.pk)


@router.post("/{slug:slug}/restart", **change("restart_agent", "Restart the agent of a node", {202: Node}, AGENT))
def restart_agent(request: HttpRequest, slug: str) -> Status[Node]:
    """With its next heartbeat. `restarting` is true until it has reported its new start, for 90 seconds at most."""
    require_admin(request)
    return Status(202, node_schema(wishes.restart(slug), rules.read(), request.user.pk))


@router.post("/{slug:slug}/log", **change("request_agent_log", "Ask for the recent log of an agent", {202: AgentLog}, AGENT))
def request_agent_log(request: HttpRequest, slug: str) -> Status[AgentLog]:
    """It comes with the next heartbeat; read it with `get_agent_log`."""
    require_admin(request)
    wishes.ask_for_log(slug)
    return Status(202, AgentLog.model_validate(wishes.log_of(slug)))


@router.get(
    "/{slug:slug}/log",
    **operation("get_agent_log", "Read the recent log of an agent", {200: AgentLog}, {**ADMIN, 503: "`redis_down`."}),
)
def get_agent_log(request: HttpRequest, slug: str) -> AgentLog:
    """As it was asked for last, for ten minutes."""
    require_admin(request)
    return AgentLog.model_validate(wishes.log_of(slug))
