"""Who may use a node's cameras, over HTTP, for administrators."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from devices.camera_access import rules
from devices.models import Node
from webapp.live.errors import not_found
from webapp.live.http import Page, PageQuery, change, operation, paginate_values, require_admin

router = Router(tags=["nodes"])
ADMIN = {403: "`not_staff`: only administrators may do this.", 404: "`not_found`: no such node."}
PersonName = Annotated[str, Field(max_length=150)]


class CameraRule(Schema):
    name: str = Field(examples=["front"])
    everyone: bool = Field(description="Every person may use it.")
    people: list[str] = Field(description="Who may, besides administrators.", examples=[["alice"]])


class CameraRulePage(Page[CameraRule]):
    pass


class NewCameraRule(Schema):
    everyone: bool = Field(False, description="Let every person use it.")
    people: list[PersonName] = Field([], description="Names of accounts; administrators may in any case.", examples=[["alice"]])


@router.get(
    "/{slug:slug}/camera-access",
    **operation("list_camera_access", "List who may use the cameras of a node", {200: CameraRulePage}, ADMIN),
)
def list_camera_access(request: HttpRequest, slug: str, query: Query[PageQuery]) -> Page[CameraRule]:
    require_admin(request)
    return paginate_values([CameraRule.model_validate(row) for row in rules.of(_node(slug))], query)


@router.put(
    "/{slug:slug}/camera-access/{camera}",
    **change(
        "change_camera_access",
        "Change who may use a camera",
        {200: CameraRule},
        {403: ADMIN[403], 404: "`not_found`: no such node. `no_camera`.", 422: "`unknown_person`, `too_many_people`."},
    ),
)
def change_camera_access(request: HttpRequest, slug: str, camera: str, body: NewCameraRule) -> CameraRule:
    """Replaces the rule. Administrators may always use it; each use is in the audit trail."""
    require_admin(request)
    return CameraRule.model_validate(rules.change(_node(slug), camera, body.everyone, body.people))


def _node(slug: str) -> Node:
    row = Node.objects.filter(slug=slug, revoked_at=None).first()
    if row is None:
        raise not_found("node")
    return row
