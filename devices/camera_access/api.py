"""Who may use a node's cameras, over HTTP, for administrators."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from devices.camera_access import previews, rules
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
    preview: bool = Field(description="Whether those who may use it, administrators included, may see small pictures of it.")
    folder: bool | None = Field(
        description="Whether those who may use it may ask about all photos of the folder that it is; administrators may in any "
        "case. Null: it is no folder."
    )


class CameraRulePage(Page[CameraRule]):
    pass


class NewCameraRule(Schema):
    everyone: bool = Field(False, description="Let every person use it.")
    people: list[PersonName] = Field([], description="Names of accounts; administrators may in any case.", examples=[["alice"]])
    preview: bool = Field(False, description="Let those who may use it see small pictures of it, administrators included.")
    folder: bool = Field(False, description="Let them ask about all photos of the folder that it is (`create_batch`).")


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
    return CameraRule.model_validate(rules.change(_node(slug), camera, body.everyone, body.people, body.preview, body.folder))


@router.post(
    "/{slug:slug}/cameras/{camera}/preview",
    **operation(
        "preview_camera",
        "See a small picture of a camera",
        {200: None},
        {
            403: "`camera_not_allowed`. `no_preview`: an administrator has not allowed previews of this camera.",
            404: "`not_found`: no such node. `no_camera`.",
            409: "`agent_too_old`: it does not know this.",
            502: "`camera_failed`: the camera gave no picture.",
            503: "`node_offline`: the device does not answer.",
        },
        media_type="image/jpeg",
    ),
)
def preview_camera(request: HttpRequest, slug: str, camera: str) -> HttpResponse:
    """At most 320 pixels wide or high. It is stored nowhere, and each one is in the audit trail."""
    picture = previews.take(request.user, _node(slug), camera)
    return HttpResponse(picture, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _node(slug: str) -> Node:
    row = Node.objects.filter(slug=slug, revoked_at=None).first()
    if row is None:
        raise not_found("node")
    return row
