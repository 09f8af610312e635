"""Uploads that go straight to a node, from a browser in the node's own network. The node signs the address; the cloud hands it on."""

import re

from devices import dispatch
from devices.contract.jobs import Collect, Invite
from devices.contract.results import Kept
from devices.models import Node

SECONDS = 60  # that an address is good for
ASK_S, COLLECT_S = 5.0, 15.0
ORIGIN = re.compile(r"http://[0-9A-Za-z.\-:\[\]]{1,80}")


def origin(node: Node) -> str:
    """Where the node listens for them, as it says; empty where it does not. It goes into a header, so nothing else may be in it."""
    told = str(node.hardware.get("uploads") or "")
    return told if ORIGIN.fullmatch(told) else ""


def invite(node: Node, photo_id: str) -> str:
    """An address that takes this photo once. Raises what dispatch.call raises."""
    url = dispatch.call(node.slug, Invite(photo=photo_id, seconds=SECONDS), ASK_S).url
    if not url.startswith(f"{origin(node)}/photos/{photo_id}?"):
        raise dispatch.StageFailed(node.slug, "bad_reply", f"{node.slug} named an address that is not its own.")
    return url


def collect(slug: str, photo_id: str) -> Kept:
    """Have the node keep what was handed over: as cameras.look answers, and raises."""
    return dispatch.call(slug, Collect(photo=photo_id), COLLECT_S)
