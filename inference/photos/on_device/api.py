"""Whether small pictures of a device's photos come here, over HTTP, for administrators."""

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from inference.photos.on_device import thumbnails
from webapp.live.http import change, require_admin

router = Router(tags=["nodes"])


class Thumbnails(Schema):
    allowed: bool = Field(description="Whether small pictures of photos that the device alone has are stored on the server.")


@router.put(
    "/{slug:slug}/thumbnails",
    **change(
        "change_thumbnails",
        "Let small pictures of a device's photos come to the server, or not",
        {200: Thumbnails},
        {
            403: "`not_staff`: only administrators may do this.",
            404: "`not_found`: no such device.",
            409: "`agent_too_old`: it sends none.",
        },
    ),
)
def change_thumbnails(request: HttpRequest, slug: str, body: Thumbnails) -> Thumbnails:
    """At most 160 pixels wide or high, without metadata, for those who may see the photo. The photos stay on the device. Once
    it is not allowed any more, those that are here are deleted. It is in the audit trail."""
    require_admin(request)
    return Thumbnails(allowed=thumbnails.allow(request.user, slug, body.allowed).thumbnails)
