"""Nodes over HTTP, for people and scripts: their state and history, and how administrators admit and revoke them."""

from collections.abc import Callable
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import Field

from devices import cameras
from devices.api_schemas import (
    AuditEntry,
    AuditPage,
    Camera,
    CameraPage,
    EnrolmentCode,
    LinkSample,
    LinkSamplePage,
    NewCode,
    Node,
    NodePage,
    Readings,
    Title,
)
from devices.camera_access import rules
from devices.fleet import finding
from devices.models import TIERS, Sample
from devices.models import Node as Row
from devices.registry import codes, enrolment, rotation
from devices.telemetry import history, links, presence
from webapp.accounts import audit
from webapp.accounts.models import AuditEntry as AuditRow
from webapp.live.errors import not_found
from webapp.live.http import Page, PageQuery, change, operation, paginate, paginate_values, require_admin

router = Router(tags=["nodes"])
Hours = Annotated[int, Field(json_schema_extra={"enum": [*history.SPANS]})]
NO_NODE = {404: "`not_found`: no such node."}
ADMIN = {**NO_NODE, 403: "`not_staff`: only administrators may do this."}


def node_schema(row: Row, access: rules.Access, person: int | None) -> Node:
    return Node.model_validate(access.shown(person, presence.as_json(row)))


class NodeQuery(PageQuery):
    """Filters; each may be left out."""

    search: str = Field("", max_length=100, description="Words in name, title, board, engine, models or tags.")
    tag: list[str] = Field([], max_length=10, description="Tags that a node has to have.")
    tier: str = Field("", json_schema_extra={"enum": ["", *TIERS]})
    state: str = Field("", description="As nodes report it.", examples=["online"])
    engine: str = Field("", max_length=20, examples=["onnx"])
    models: str = Field("", max_length=40, description="Name of a profile.", examples=["compact"])

    def as_search(self) -> finding.Search:
        return finding.Search(self.search, tuple(self.tag), self.tier, self.state, self.engine, self.models)


@router.get("", **operation("list_nodes", "List the nodes", {200: NodePage}))
def list_nodes(request: HttpRequest, query: Query[NodeQuery]) -> Page[Node]:
    """Devices and edges that are not revoked, with their state, sensors and links."""
    access, rows = rules.read(), finding.rows(query.as_search(), timezone.now())
    return paginate(rows, query, lambda row: node_schema(row, access, request.user.pk))


@router.post(
    "/codes",
    **change(
        "create_enrolment_code",
        "Create a code that a new node joins with",
        {201: EnrolmentCode},
        {403: ADMIN[403], 409: "`name_taken`.", 422: "`bad_name`, `unknown_tier`."},
    ),
)
def create_enrolment_code(request: HttpRequest, body: NewCode) -> Status[EnrolmentCode]:
    """Start the agent on the board with this code within 15 minutes, then approve the node.

    `name_taken`: a node has this name. With `replace` the code is created all the same, and that node is cut off when the code
    is used.
    """
    require_admin(request)
    code = enrolment.create_code(name=body.name.strip().lower(), tier=body.tier, replace=body.replace)
    return Status(201, EnrolmentCode(code=code, expires_s=codes.CODE_S))


@router.get("/{slug:slug}", **operation("get_node", "Read one node", {200: Node}, NO_NODE))
def get_node(request: HttpRequest, slug: str) -> Node:
    return node_schema(own_node(slug), rules.read(), request.user.pk)


@router.patch("/{slug:slug}", **change("rename_node", "Rename a node", {200: Node}, {**ADMIN, 422: "`bad_title`."}))
def rename_node(request: HttpRequest, slug: str, body: Title) -> Node:
    return _administer(request, lambda: rotation.rename(slug, body.title))


@router.post("/{slug:slug}/approve", **change("approve_node", "Approve a node that has joined", {200: Node}, ADMIN))
def approve_node(request: HttpRequest, slug: str) -> Node:
    """It receives its credentials. Compare its fingerprint with what the board shows first."""
    return _administer(request, lambda: enrolment.approve(slug))


@router.post("/{slug:slug}/revoke", **change("revoke_node", "Revoke a node", {200: Node}, ADMIN))
def revoke_node(request: HttpRequest, slug: str) -> Node:
    """It loses access immediately. To use the board again, let it join with a new code."""
    return _administer(request, lambda: enrolment.revoke(slug))


@router.post(
    "/{slug:slug}/rotate",
    **change(
        "rotate_node_credentials",
        "Have a node change its credentials",
        {200: Node},
        {**ADMIN, 409: "`no_credentials`: approve it first.", 503: "`redis_down`."},
    ),
)
def rotate_node_credentials(request: HttpRequest, slug: str) -> Node:
    """It changes them with its next heartbeat and restarts; the old ones work until then. Jobs that it runs at that moment are
    lost: questions are asked again elsewhere, a training client is counted as late."""
    return _administer(request, lambda: rotation.rotate(slug))


@router.post("/{slug:slug}/accept", **change("accept_node_hardware", "Accept changed hardware", {200: Node}, ADMIN))
def accept_node_hardware(request: HttpRequest, slug: str) -> Node:
    """`changed` becomes empty."""
    return _administer(request, lambda: rotation.accept_hardware(slug))


@router.get(
    "/{slug:slug}/readings",
    **operation("get_node_readings", "Read the history of a node's sensors", {200: Readings}, {**NO_NODE, 422: "`bad_hours`."}),
)
def get_node_readings(request: HttpRequest, slug: str, hours: Hours = 1) -> Readings:
    """Every heartbeat of the last hour, or means: of each minute (24 hours), quarter of an hour (168: a week), hour (2160: 90
    days) or day (8760: a year), with `up_bytes_per_s` over more than a day."""
    if hours not in history.SPANS:
        raise history.BAD_HOURS
    return Readings.model_validate(history.history(own_node(slug).slug, hours))


@router.get(
    "/{slug:slug}/links",
    **operation(
        "list_link_samples", "List measured transfers over a device's uplink, newest first", {200: LinkSamplePage}, NO_NODE
    ),
)
def list_link_samples(request: HttpRequest, slug: str, query: Query[PageQuery]) -> Page[LinkSample]:
    rows = Sample.objects.filter(node=own_node(slug).slug).order_by("-at", "-pk")
    return paginate(rows, query, lambda row: LinkSample.model_validate(links.as_json(row)))


@router.get("/{slug:slug}/cameras", **operation("list_cameras", "List the cameras of a node", {200: CameraPage}, NO_NODE))
def list_cameras(request: HttpRequest, slug: str, query: Query[PageQuery]) -> Page[Camera]:
    """Those that you may use."""
    node, access = own_node(slug), rules.read()
    person = request.user.pk
    names = [name for name in cameras.names(node) if access.may_use(person, node.slug, name)]
    folders = cameras.folders(node)
    own = [
        Camera(
            name=name,
            preview=access.may_preview(person, node.slug, name),
            folder=name in folders and access.may_ask_folder(person, node.slug, name),
        )
        for name in names
    ]
    return paginate_values(own, query)


@router.get(
    "/{slug:slug}/audit", **operation("list_node_audit", "List who changed a node, newest first", {200: AuditPage}, ADMIN)
)
def list_node_audit(request: HttpRequest, slug: str, query: Query[PageQuery]) -> Page[AuditEntry]:
    require_admin(request)
    rows = AuditRow.objects.about(f"node:{own_node(slug).slug}")
    return paginate(rows, query, lambda row: AuditEntry.model_validate(audit.as_row(row)))


def own_node(slug: str) -> Row:
    """Raises UserError."""
    row = Row.objects.filter(slug=slug).first()
    if row is None:
        raise not_found("node")
    return row


def _administer(request: HttpRequest, change: Callable[[], Row]) -> Node:
    require_admin(request)
    return node_schema(change(), rules.read(), request.user.pk)
