"""The cameras of a node, by the names it reports. Their sources are private to the node, and so are the pictures."""

from devices import dispatch
from devices.contract.heartbeat import cameras_of
from devices.contract.jobs import Look
from devices.contract.results import Kept
from devices.models import Node

CAPTURE_S = 15.0  # a camera behind a stream needs several seconds


def names(node: Node) -> list[str]:
    return [camera.name for camera in cameras_of(node.hardware.get("cameras"))]


def folders(node: Node) -> set[str]:
    """Those of them that are folders of photos."""
    return {camera.name for camera in cameras_of(node.hardware.get("cameras")) if camera.folder}


def capture(slug: str, camera: str, photo_id: str) -> Kept:
    """Have the node take a picture and store it as that photo.

    Raises what dispatch.call raises; a camera that yields no picture is a StageFailed with the node's own message.
    """
    return dispatch.call(slug, Look(camera=camera, photo=photo_id), CAPTURE_S)
