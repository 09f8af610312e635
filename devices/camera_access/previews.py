"""A small picture of a node's camera, for somebody who may use it, where an administrator allows it. It is stored nowhere."""

import secrets

from django.contrib.auth.base_user import AbstractBaseUser

from devices import cameras, dispatch
from devices.camera_access import rules
from devices.contract.jobs import Preview
from devices.contract.protocol import PREVIEW, PREVIEW_BYTES
from devices.models import Node
from webapp.accounts import audit
from webapp.live.at_once import AtOnce
from webapp.live.errors import UserError

CALLS = AtOnce(2, "previews of cameras being taken")
JPEG = b"\xff\xd8\xff"


def take(person: AbstractBaseUser, node: Node, camera: str) -> bytes:
    """A JPEG of at most PREVIEW_BYTES. Raises UserError."""
    access, subject = rules.read(), f"camera:{node.slug}/{camera}"
    if camera not in cameras.names(node):
        raise UserError("no_camera", f"{node.slug} has no camera {camera}.", "Choose one that it reports.", 404)
    if not access.may_use(person.pk, node.slug, camera):
        audit.record(person, "preview refused", subject)
        raise rules.not_allowed(node, camera)
    if not access.may_preview(person.pk, node.slug, camera):
        audit.record(person, "preview refused", subject)
        advice = "An administrator can allow it on the page of the device."
        raise UserError("no_preview", f"Previews of the camera {camera} of {node.slug} are not allowed.", advice, 403)
    if PREVIEW not in node.abilities:
        version = node.versions.get("agent") or "unknown"
        message = f"The agent of {node.slug} (version {version}) sends no previews: it is too old."
        raise UserError("agent_too_old", message, "Run the installer on it again.", 409)
    audit.record(person, "camera previewed", subject)
    with CALLS.of(person.pk), dispatch.on_behalf_of(person.pk):
        return _fetch(node.slug, camera)


def _fetch(slug: str, camera: str) -> bytes:
    blob = f"preview-{secrets.token_hex(8)}"
    try:
        dispatch.call(slug, Preview(camera=camera, blob=blob), cameras.CAPTURE_S)
        picture = dispatch.take_blob(slug, blob)
    except dispatch.NodeGone as error:
        raise UserError("node_offline", str(error), "Try again in a moment.", 503) from error
    except dispatch.StageFailed as error:
        raise UserError("camera_failed", str(error), "Check the camera, then try again.", 502) from error
    if len(picture) > PREVIEW_BYTES or not picture.startswith(JPEG):
        raise UserError("camera_failed", f"{slug} sent no small JPEG.", "Update its agent.", 502)
    return picture
