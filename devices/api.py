"""What the agent on a node calls. What people and scripts call is in devices.nodes_api."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema
from ninja.security import HttpBearer
from pydantic import Field

from devices import agent_wheel, heartbeat, model_choice
from devices.api_schemas import Simulation
from devices.contract.heartbeat import Access, Join, RecentLog, Report
from devices.contract.watches import Watches
from devices.fleet import wishes
from devices.models import Node
from devices.registry import addresses, enrolment, rotation
from devices.telemetry import presence
from webapp.live.errors import UserError, not_found
from webapp.live.http import change, operation
from webapp.live.pieces import Pieces

router = Router(tags=["agents"])
MAX_BODY = 64 * 1024  # a profile with every split point is a tenth of it


class NodeToken(HttpBearer):
    """The bearer token a node received when it joined."""

    def authenticate(self, request: HttpRequest, token: str) -> Node:
        bounded(request)
        node = rotation.holder(token)
        if node is None:
            why = enrolment.revoked_because(token)
            message = f"This node was revoked. {why}" if why else "This node was revoked, or never joined here."
            raise UserError("revoked", message, "Join again with a new code.", 401)
        return node


def bounded(request: HttpRequest) -> bool:
    """Refuse what is larger than anything a node has to say, before it is parsed. Used in the place of a login."""
    try:
        size = max(int(request.headers.get("Content-Length") or 0), len(request.body))
    except (RequestDataTooBig, ValueError):
        size = MAX_BODY + 1
    if size > MAX_BODY:
        raise UserError("too_large", f"The request body exceeds {MAX_BODY // 1024} KB.", "Update the agent.", 413)
    return True


class Joined(Schema):
    slug: str = Field(examples=["jetson-a"])
    tier: str = Field(examples=["device"])
    token: str = Field(description="The node's bearer token; it is not shown again.")
    approved: bool


class Own(Schema):
    slug: str = Field(examples=["jetson-a"])
    approved: bool


class RedisAccess(Schema):
    scheme: str = Field(examples=["redis"])
    host: str
    port: int
    db: int
    username: str = Field(examples=["node-jetson-a"])
    password: str
    ca: str | None = Field(description="The certificate authority to trust, as PEM.")
    inner: str = Field(description="Where the server itself finds Redis, as host:port; for nodes that cannot reach `host`.")


class Credentials(Schema):
    redis: RedisAccess
    profile: str = Field(examples=["compact"])
    choice: int = Field(0, description="The number of the choice of these models.")
    simulated: Simulation | None


class Rotation(Schema):
    token: str
    redis_password: str


class ChosenModels(Schema):
    profile: str = Field(examples=["paper"])
    choice: int = Field(description="The number of the choice, which the node reports once it follows it.")
    bundle: str = Field(description="The digest of their newest export; empty: none.", examples=["397a8e229d1e4873"])


class OfferedAgent(Schema):
    digest: str = Field(description="SHA-256 of the wheel, which `get_agent` returns.")
    size: int = Field(description="Bytes.")
    name: str = Field(examples=["isthmus_agent-0.2.0-py3-none-any.whl"])
    request: int = Field(description="Grows when an administrator asks again for an agent that has failed.")
    signature: str = Field(description="HMAC-SHA-256 of the offer, keyed with the SHA-256 of the node's token, hexadecimal.")


class HeartbeatReply(Schema):
    state: str = Field(description="`online`, or `revoked`.", examples=["online"])
    simulated: Simulation | None = None
    next_s: float = Field(2.0, description="When to send the next one: the more nodes there are, the later.")
    rotate: Rotation | None = Field(None, description="Credentials to change to, while a rotation is under way.")
    access: Access | None = Field(None, description="Addresses to change to, when the node reported that it knows others.")
    models: ChosenModels | None = Field(None, description="Models to change to, when it is this node's turn.")
    watches: Watches | None = Field(None, description="Watches to evaluate, when the node reported others.")
    now: float | None = Field(None, description="This server's clock, seconds since 1970, for a node that evaluates watches.")
    restart: str = Field("", description="The `boot` that is to end and start again, where an administrator asked for it.")
    agent: OfferedAgent | None = Field(None, description="The agent to update to, when it is this node's turn.")
    log: str = Field("", description="Where an administrator asked for the recent log: `request` of `send_agent_log`.")


class ReceivedLog(Schema):
    received: bool = Field(description="False where nobody asked for it.")


TOKEN = {401: "`revoked`: this node was revoked, or never joined.", 413: "`too_large`: at most 64 KB."}


@router.post(
    "/join",
    auth=bounded,
    throttle=[],
    **change(
        "join_node",
        "Join with an enrolment code",
        {200: Joined},
        {
            403: "`bad_code`: the code is invalid or has expired.",
            409: "`name_taken`.",
            413: TOKEN[413],
            429: "`too_many_guesses`: wait ten minutes.",
        },
    ),
)
def join_node(request: HttpRequest, body: Join) -> Joined:
    """Wrong codes are counted by the address they come from."""
    facts = {"hostname": body.hostname, "hardware": body.hardware, "versions": body.versions}
    node, token = enrolment.join(body.code, body.fingerprint, facts, request.META.get("REMOTE_ADDR", ""), body.claim)
    return Joined(slug=node.slug, tier=node.tier, token=token, approved=node.approved)


@router.get("/me", auth=NodeToken(), **operation("get_own_node", "Check whether the token is valid", {200: Own}, TOKEN))
def get_own_node(request: HttpRequest) -> Own:
    """Unlike a heartbeat, this is no sign of life."""
    node = _caller(request)
    return Own(slug=node.slug, approved=node.approved)


@router.get(
    "/me/credentials",
    auth=NodeToken(),
    **operation(
        "get_node_credentials",
        "Fetch the node's own Redis user",
        {200: Credentials},
        {**TOKEN, 409: "`not_approved`: an administrator has to approve the node. `already_given`.", 503: "`redis_down`."},
    ),
)
def get_node_credentials(request: HttpRequest) -> Credentials:
    """Given out until the node has used them for the first time."""
    node = _caller(request)
    password = enrolment.credentials(node)
    address = addresses.present().redis
    redis = RedisAccess(**address.model_dump(), username=f"node-{node.slug}", password=password)
    simulated, chosen = presence.simulated(node), model_choice.current()
    return Credentials(
        redis=redis,
        profile=chosen.profile,
        choice=chosen.number,
        simulated=None if simulated is None else Simulation.model_validate(simulated),
    )


@router.post(
    "/me/heartbeat",
    auth=NodeToken(),
    throttle=[],
    exclude_unset=True,
    **change("send_heartbeat", "Send a heartbeat", {200: HeartbeatReply}, TOKEN),
)
def send_heartbeat(request: HttpRequest, body: Report) -> HeartbeatReply:
    """A sign of life. Fields that are left out stay as they were; `profile: null` says that models are being loaded."""
    return HeartbeatReply.model_validate(heartbeat.receive(_caller(request), body.model_dump(exclude_unset=True)))


@router.post(
    "/me/log",
    auth=NodeToken(),
    **change("send_agent_log", "Send the recent log", {200: ReceivedLog}, {**TOKEN, 503: "`redis_down`."}),
)
def send_agent_log(request: HttpRequest, body: RecentLog) -> ReceivedLog:
    """As it was asked for in the reply to a heartbeat; another one is dropped."""
    return ReceivedLog(received=wishes.receive_log(_caller(request), body))


@router.get(
    "/me/agent/{digest}",
    auth=NodeToken(),
    **operation(
        "get_agent",
        "Fetch the agent's wheel",
        {200: None},
        {**TOKEN, 404: "`not_found`: the server has another."},
        "application/octet-stream",
    ),
)
def get_agent(request: HttpRequest, digest: str) -> StreamingHttpResponse:
    """As it was offered in the reply to a heartbeat."""
    file = agent_wheel.with_digest(digest)
    if file is None:
        raise not_found("agent")
    answer = StreamingHttpResponse(Pieces(file.open("rb")), content_type="application/octet-stream")
    answer["Content-Length"] = str(file.stat().st_size)
    return answer


def _caller(request: HttpRequest) -> Node:
    node: Node = request.auth  # type: ignore[attr-defined]
    return node
