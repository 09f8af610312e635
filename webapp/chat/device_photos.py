"""Photos that a device alone holds: taken with its camera, or uploaded to it by a browser in its network."""

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from inference.answering import cloud_queue
from inference.models import Photo
from inference.photos.on_device import device_photos
from inference.photos.question_photos import PhotoJson, photo_json
from webapp.live.http import change

router = Router(tags=["photos"])
DEVICE_ERRORS = {
    404: "`not_found`: no such device.",
    503: "`node_offline`: the device does not answer.",
}


class CameraChoice(Schema):
    camera: str = Field(max_length=20, description="One of `list_cameras`.", examples=["front"])


class Ticket(Schema):
    ticket: str = Field(max_length=400, description="From `start_direct_upload`.")


class DirectUpload(Schema):
    url: str = Field(description="PUT the photo here within a minute.", examples=["http://192.168.1.20:8701/photos/…"])
    ticket: str = Field(description="For `finish_direct_upload`.")


@router.post(
    "/{slug:slug}/look",
    **change(
        "take_photo",
        "Take a photo with a device's camera",
        {201: PhotoJson},
        {
            **DEVICE_ERRORS,
            403: "`camera_not_allowed`: an administrator decides who may use it.",
            422: "`no_camera`.",
            502: "`camera_failed`: the camera gave no picture.",
        },
    ),
)
def take_photo(request: HttpRequest, slug: str, body: CameraChoice) -> Status[PhotoJson]:
    """The photo stays on the device; the server never receives it, unless a question's route sends it to an edge."""
    return _prepared(device_photos.take(request.user, slug, body.camera), slug)


@router.post(
    "/{slug:slug}/upload",
    **change(
        "start_direct_upload",
        "Start an upload straight to a device",
        {201: DirectUpload},
        {**DEVICE_ERRORS, 422: "`no_uploads`: this device accepts none.", 502: "`upload_failed`."},
    ),
)
def start_direct_upload(request: HttpRequest, slug: str) -> Status[DirectUpload]:
    """PUT the photo to `url` within a minute and from the device's own network, then call
    `finish_direct_upload` with the `ticket`. The server never receives the photo."""
    return Status(201, DirectUpload.model_validate(device_photos.invite(request.user, slug)))


@router.post(
    "/{slug:slug}/upload/done",
    **change(
        "finish_direct_upload",
        "Finish an upload straight to a device",
        {201: PhotoJson},
        {**DEVICE_ERRORS, 403: "`bad_ticket`: the ticket is invalid or has expired.", 502: "`upload_failed`."},
    ),
)
def finish_direct_upload(request: HttpRequest, slug: str, body: Ticket) -> Status[PhotoJson]:
    """The device keeps the photo, upright and without metadata."""
    return _prepared(device_photos.collect(request.user, slug, body.ticket), slug)


def _prepared(row: Photo, slug: str) -> Status[PhotoJson]:
    cloud_queue.prepare(str(row.pk), slug)
    return Status(201, photo_json(row))
