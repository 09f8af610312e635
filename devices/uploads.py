"""Uploads that go straight to a node from a browser in its own network, to a one-use address that the node signs."""

import re

from devices import dispatch
from devices.contract.jobs import Collect, Invite
from devices.contract.results import Kept
from devices.models import Node

VALID_S = 60  # how long an address can be used
INVITE_S, COLLECT_S = 5.0, 15.0
ORIGIN = re.compile(r"http://[0-9A-Za-z.\-:\[\]]{1,80}")


def origin(node: Node) -> str:
    """Where the node listens for uploads, as it reports; empty if it does not.

    It goes into the page's Content-Security-Policy, so anything but an origin is dropped.
    """
    reported = str(node.hardware.get("uploads") or "")
    return reported if ORIGIN.fullmatch(reported) else ""


def invite(node: Node, photo_id: str) -> str:
    """A one-use upload address for this photo. Raises what dispatch.call raises."""
    url = dispatch.call(node.slug, Invite(photo=photo_id, seconds=VALID_S), INVITE_S).url
    if not url.startswith(f"{origin(node)}/photos/{photo_id}?"):
        raise dispatch.StageFailed(node.slug, "bad_reply", f"{node.slug} returned an address that is not its own.")
    return url


def collect(slug: str, photo_id: str) -> Kept:
    """Have the node store the uploaded photo. Result and errors are those of cameras.capture."""
    return dispatch.call(slug, Collect(photo=photo_id), COLLECT_S)
