"""The cameras of a node, by the names it reports. What they are is its owner's affair; a picture stays on the node."""

from devices import dispatch
from devices.contract.jobs import Look
from devices.contract.results import Kept
from devices.models import Node

LOOK_S = 15.0  # a camera behind a stream needs some seconds


def names(node: Node) -> list[str]:
    return str(node.hardware.get("cameras") or "").split()


def look(slug: str, camera: str, photo_id: str) -> Kept:
    """Have the node take a picture and keep it as that photo.

    Raises what dispatch.call raises; a camera that gives nothing is StageFailed with the node's own sentence.
    """
    return dispatch.call(slug, Look(camera=camera, photo=photo_id), LOOK_S)
