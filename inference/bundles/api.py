"""What a node fetches its models with."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router, Schema
from pydantic import Field

from devices.api import TOKEN, NodeToken
from devices.models import Node
from inference.bundles import exporting, ranges
from inference.engine.bundles.signed_manifest import signature
from inference.engine.bundles.store import MANIFEST
from webapp.live.errors import UserError
from webapp.live.http import operation

router = Router(tags=["agents"])
NODES = {**TOKEN, 409: "`not_approved`: an administrator has to approve the node."}


class Manifest(Schema):
    manifest: str = Field(description="JSON: format, profile, digest, and the files with their sizes and SHA-256.")
    signature: str = Field(
        description="HMAC-SHA256 of `manifest`, hex; its key is the SHA-256 of the caller's token, hex.",
        examples=["5d41…"],
    )


@router.get(
    "/{profile}",
    auth=NodeToken(),
    throttle=[],
    **operation(
        "get_bundle",
        "List the files of a profile's exported models",
        {200: Manifest},
        {
            **NODES,
            404: "`unknown_profile`.",
            409: f"{NODES[409]} `models_missing`: the server lacks them.",
            503: "`bundle_missing`: they are being exported; ask again in ten seconds. `export_failed`.",
        },
    ),
)
def get_bundle(request: HttpRequest, profile: str) -> Manifest:
    node = _approved(request)
    text = (exporting.current(profile) / MANIFEST).read_text()
    return Manifest(manifest=text, signature=signature(text, node.token_sha256))


@router.get(
    "/{profile}/{digest}/{path:path}",
    auth=NodeToken(),
    throttle=[],  # a bundle has dozens of small files
    **operation(
        "get_bundle_file",
        "Download a file of exported models",
        {200: None},
        {**NODES, 404: "`not_found`: no such bundle, or no such file in it.", 416: "`range_not_satisfiable`."},
        "application/octet-stream",
    ),
)
def get_bundle_file(request: HttpRequest, profile: str, digest: str, path: str) -> HttpResponse | StreamingHttpResponse:
    """`Range: bytes=N-` resumes a download: the answer is then 206, from byte N to the end."""
    _approved(request)
    file, entry = exporting.file(profile, digest, path)
    return ranges.response(request, file, entry["sha256"])


def _approved(request: HttpRequest) -> Node:
    node: Node = request.auth  # type: ignore[attr-defined]
    if not node.approved:
        raise UserError(
            "not_approved", f"{node.slug} is waiting for approval.", "An admin has to approve it on the devices page.", 409
        )
    return node
