"""Nodes over HTTP: what an agent calls, and the list for people and scripts."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import HttpBearer
from pydantic import ConfigDict, Field

from devices import heartbeat
from devices.models import Node
from devices.registry import enrolment, rotation
from devices.telemetry import presence
from webapp.live.errors import UserError

router = Router(tags=["nodes"])
MAX_BODY = 64 * 1024  # a profile with every split point is a tenth of it

Number = Annotated[float, Field(allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)]
KEPT = r"^[^\x00]*$"  # the one letter that PostgreSQL does not keep
Words = Annotated[str, Field(max_length=120, pattern=KEPT)]
Facts = Annotated[
    dict[Annotated[str, Field(max_length=40, pattern=KEPT)], bool | int | Number | Words | None], Field(max_length=40)
]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Join(Strict):
    code: str = Field(max_length=40)
    fingerprint: str = Field(max_length=40, pattern=r"^[0-9a-f:]{8,40}$")
    hostname: Words = ""
    hardware: Facts = {}
    versions: Facts = {}


class TaskTimes(Strict):
    whole_ms: Milliseconds
    head_ms: dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], Milliseconds] = {}
    tail_ms: dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], Milliseconds] = {}
    encode_ms: dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], Milliseconds] = {}
    send_ms: dict[Annotated[str, Field(pattern=r"^[a-z0-9]{1,10}$")], Milliseconds] = {}


class MeasuredProfile(Strict):
    """As inference.stages.verbs.warm returns it."""

    name: str = Field(max_length=40, pattern=KEPT)
    digest: str = Field(max_length=64, pattern=KEPT)
    protocol: int
    tasks: dict[Annotated[str, Field(max_length=20, pattern=KEPT)], TaskTimes] = Field(min_length=1, max_length=10)


class Heartbeat(Strict):
    boot: str = Field("", max_length=32, pattern=KEPT)
    queue: int | None = Field(None, ge=0, le=1_000_000)
    profile: MeasuredProfile | None = None
    hardware: Facts = {}
    versions: Facts = {}
    sample: Facts = {}
    redis: str = Field("", max_length=20)
    lanes: dict[Annotated[str, Field(max_length=20, pattern=KEPT)], bool] = Field({}, max_length=10)


class NodeToken(HttpBearer):
    """The bearer token a node received when it joined."""

    def authenticate(self, request: HttpRequest, token: str) -> Node:
        bounded(request)
        node = rotation.holder(token)
        if node is None:
            raise UserError("revoked", "This node was revoked, or never joined here.", "Join again with a new code.", 401)
        return node


def bounded(request: HttpRequest) -> bool:
    """Refuse what is larger than anything a node has to say, before it is parsed. Used in the place of a login."""
    try:
        size = max(int(request.headers.get("Content-Length") or 0), len(request.body))
    except (RequestDataTooBig, ValueError):
        size = MAX_BODY + 1
    if size > MAX_BODY:
        raise UserError("too_large", f"A node may say {MAX_BODY // 1024} KB at once.", "Update the agent.", 413)
    return True


@router.post("/join", auth=bounded, throttle=[])
def join(request: HttpRequest, body: Join) -> dict[str, Any]:
    """Spend an enrolment code. Wrong codes are counted, per code and per address."""
    facts = {"hostname": body.hostname, "hardware": body.hardware, "versions": body.versions}
    # The peer's own address: what X-Forwarded-For claims is the caller's invention.
    node, token = enrolment.join(body.code, body.fingerprint, facts, request.META.get("REMOTE_ADDR", ""))
    return {"slug": node.slug, "tier": node.tier, "token": token, "approved": node.approved}


@router.get("/me", auth=NodeToken())
def me(request: HttpRequest) -> dict[str, Any]:
    """Whether the token is still good; unlike a heartbeat it is no sign of life."""
    node: Node = request.auth  # type: ignore[attr-defined]
    return {"slug": node.slug, "approved": node.approved}


@router.get("/me/credentials", auth=NodeToken())
def credentials(request: HttpRequest) -> dict[str, Any]:
    """The node's own Redis user, given out once. 409 `not_approved` until an admin has approved the node."""
    node: Node = request.auth  # type: ignore[attr-defined]
    password = enrolment.credentials(node)
    return {
        "redis": _redis_for(node.slug, password),
        "profile": settings.PROFILE,
        "simulated": presence.simulated(node),
    }


@router.post("/me/heartbeat", auth=NodeToken(), throttle=[])
def beat(request: HttpRequest, body: Heartbeat) -> dict[str, Any]:
    """A sign of life. Fields that are left out stay as they were; `profile: null` says that models are being loaded."""
    node: Node = request.auth  # type: ignore[attr-defined]
    return heartbeat.receive(node, body.model_dump(exclude_unset=True))


@router.get("", response=list[dict[str, Any]])
def nodes(request: HttpRequest) -> list[dict[str, Any]]:
    return [presence.as_json(node) for node in Node.objects.filter(revoked_at=None)]


def _redis_for(slug: str, password: str) -> dict[str, Any]:
    """Where the node finds Redis: as the cloud does, unless the setting knows better. `ca`: whom to trust there, as PEM."""
    ours = urlsplit(settings.REDIS_URL)
    host, _, port = settings.NODE_REDIS_HOST.partition(":")
    authority = parse_qs(ours.query).get("ssl_ca_certs", [""])[0]
    return {
        "scheme": ours.scheme,
        "host": host or ours.hostname or "127.0.0.1",
        "port": int(port or ours.port or 6379),
        "db": int(ours.path.strip("/") or 0),
        "username": f"node-{slug}",
        "password": password,
        "ca": Path(authority).read_text() if authority else None,
    }
