"""What the agent on a node calls about watches: it delivers events, and fetches the models that watch."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from devices.api import TOKEN, NodeToken
from devices.contract.watches import Delivered, Delivery
from devices.models import Node
from inference.watches import distribution, tasks
from inference.watches.events import intake
from webapp.live.errors import UserError, not_found
from webapp.live.http import change, operation

router = Router(tags=["agents"])
NODES = {**TOKEN, 409: "`not_approved`: an administrator has to approve the node."}


@router.post(
    "/me/watch-events",
    auth=NodeToken(),
    throttle=[],
    **change("deliver_watch_events", "Deliver events of watches", {200: Delivered}, NODES),
)
def deliver_watch_events(request: HttpRequest, body: Delivery) -> Delivered:
    """In their order. What was delivered before adds nothing, so a node repeats what it got no answer to."""
    return intake.store(_approved(request), body, tasks.check_soon)


@router.get(
    "/me/watch-models/{digest}",
    auth=NodeToken(),
    throttle=[],
    **operation(
        "get_watch_model",
        "Download the weights of a model that watches on this node",
        {200: None},
        {**NODES, 404: "`not_found`: no watch of this node has it."},
        "application/octet-stream",
    ),
)
def get_watch_model(request: HttpRequest, digest: str) -> HttpResponse:
    weights = distribution.weights(_approved(request), digest)
    if weights is None:
        raise not_found("model")
    return HttpResponse(weights, content_type="application/octet-stream")


def _approved(request: HttpRequest) -> Node:
    node: Node = request.auth  # type: ignore[attr-defined]
    if not node.approved:
        raise UserError(
            "not_approved", f"{node.slug} is waiting for approval.", "An admin has to approve it on the devices page.", 409
        )
    return node
