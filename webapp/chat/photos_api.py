"""Photos over HTTP: upload, list, look at, delete."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from inference.answering import cloud_queue
from inference.engine.photos.formats import ACCEPTED
from inference.models import Photo
from inference.photos import question_photos, store
from inference.photos.on_device import thumbnails
from webapp.chat import conversations
from webapp.chat.api_schemas import PhotoDetails, PhotoPage, UploadedPhoto
from webapp.live.errors import UserError
from webapp.live.http import Page, PageQuery, change, operation, paginate

router = Router(tags=["photos"])
NO_PHOTO = {404: "`not_found`: no such photo of yours."}


@router.post(
    "/photos",
    **change(
        "upload_photo",
        "Upload a photo",
        {201: UploadedPhoto, 200: UploadedPhoto},
        {
            413: "`photo_too_large`, `photo_too_many_pixels`.",
            422: f"`photo_unknown_format`: the file is not {ACCEPTED}. `photo_damaged`, `photo_too_heavy`, `photo_too_slow`.",
            503: "`photos_busy`: too many photos are being read.",
            507: "`storage_full`: your photos use what you may; delete some. `disk_full`: the server has no space left.",
        },
    ),
    description=f"{ACCEPTED}; of several pictures the first. The photo is rotated upright, converted to sRGB and loses its "
    "metadata. It is sent to a device at once (`node`, or the least busy one), which computes what a question will need; with "
    "`library`, it is added to the library and sent to a device when somebody asks about it. A photo that you have already "
    "(the same pixels) is not stored again: the answer is 200 with that one. With `again`, it is.",
)
def upload_photo(
    request: HttpRequest,
    photo: File[UploadedFile],
    node: Form[str] = "",
    library: Form[bool] = False,
    again: Form[bool] = False,
) -> Status[UploadedPhoto]:
    if again:
        stored = store.Stored(store.store(request.user, photo.chunks()), is_new=True)
    else:
        stored = store.add(request.user, photo.chunks(), kept=library)
    if not library:
        cloud_queue.prepare(str(stored.photo.pk), node)
    body: UploadedPhoto = {**question_photos.photo_json(stored.photo), "already_there": not stored.is_new}
    return Status(201 if stored.is_new else 200, body)


@router.get("/photos", **operation("list_photos", "List your photos, newest first", {200: PhotoPage}))
def list_photos(request: HttpRequest, query: Query[PageQuery]) -> Page[PhotoDetails]:
    return paginate(Photo.visible.filter(owner=request.user).order_by("-created", "pk"), query, photo_details)


@router.get("/photos/{uuid:photo}", **operation("get_photo", "Read what is known about a photo", {200: PhotoDetails}, NO_PHOTO))
def get_photo(request: HttpRequest, photo: UUID) -> PhotoDetails:
    return photo_details(conversations.own_photo(request.user, photo))


@router.get(
    "/photos/{uuid:photo}/file",
    **operation(
        "download_photo",
        "Download a photo",
        {200: None},
        {404: "`not_found`: no such photo of yours. `on_device_alone`: the server never had the file."},
        media_type="image/jpeg",
    ),
)
def download_photo(request: HttpRequest, photo: UUID, small: bool = False) -> HttpResponse:
    """With `small`, a preview of at most 480 pixels; of a photo that a device alone has, one of at most 160 pixels, where an
    administrator allows these for the device."""
    row = conversations.own_photo(request.user, photo)
    if row.on_device_alone and small and (thumbnail := thumbnails.of(row)):
        return HttpResponse(thumbnail, content_type="image/jpeg", headers={"Cache-Control": "private, no-store"})
    if row.on_device_alone:
        device = row.home or "a device"
        raise UserError(
            "on_device_alone", "Only %(device)s has this photo.", "Ask a question about it instead.", 404, {"device": device}
        )
    data = (row.small_path if small else row.path).read_bytes()
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


@router.delete(
    "/photos/{uuid:photo}",
    **change(
        "delete_photo",
        "Delete a photo",
        {204: None},
        {**NO_PHOTO, 409: "`photo_in_use`: a question about it is being answered."},
    ),
)
def delete_photo(request: HttpRequest, photo: UUID) -> Status[None]:
    """From the server and from the devices that hold it. Questions about it keep their answers."""
    conversations.delete_photo(conversations.own_photo(request.user, photo))
    return Status(204, None)


def photo_details(row: Photo) -> PhotoDetails:
    return {**question_photos.photo_json(row), "created": row.created.isoformat(), "devices": sorted(row.placed)}
