"""Batches over HTTP: what the page uses is what a script uses."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Query, Router, Status

from devices.camera_access import folders
from devices.telemetry import presence
from inference.batches import control, creation, summary
from inference.batches.api_schemas import (
    Batch,
    BatchPage,
    BatchWithItems,
    Folder,
    FolderBounds,
    FolderFacts,
    FolderPage,
    Item,
    ItemPage,
    ItemQuery,
    NewBatch,
)
from inference.batches.models import Batch as Row
from inference.batches.sources import device_folder
from inference.batches.sources.device_folder import DeviceFolder
from webapp.csv_download import csv_download
from webapp.live.http import Page, PageQuery, change, operation, paginate, paginate_values
from webapp.live.moments import iso

router = Router(tags=["batches"])
NO_FOLDER = {
    403: "`folder_not_allowed`.",
    404: "`not_found`: no such device. `no_folder`: it has none of this name for you.",
    409: "`agent_too_old`: it lists no folders.",
    502: "`folder_failed`: the device cannot read it.",
    503: "`node_offline`: the device does not answer.",
}
NO_BATCH = {404: "`not_found`: no such batch of yours."}


def batch_schema(row: Row) -> Batch:
    return Batch.model_validate(summary.read(row.pk))


@router.post(
    "",
    **change(
        "create_batch",
        "Ask one question about many photos",
        {201: Batch},
        {
            400: "`no_words`: the search has no words about a photo.",
            403: "`folder_not_allowed`: an administrator decides who may ask about all photos of a folder.",
            404: "`unknown_photos`: some of them do not exist or are not yours. `not_found`: no such album or photo of yours, "
            "or device. `no_folder`: the device has none of this name for you.",
            409: "`search_off`, `search_without_model`, `not_indexed`: as `search_library` and `find_alike` have them. "
            "`agent_too_old`: that of the device lists no folders.",
            422: "`no_photos`, `folder_empty`, `several_sources`, `too_many_photos`, `empty_question`, `question_too_long`, "
            "`unknown_policy`, `unknown_route`, `unknown_node`; `no_steps`, `no_training`, `one_photo_each`: the message is no "
            "question that each photo answers.",
            429: "`too_many_batches`: you have as many unfinished ones as you may. `allowance_used`: see `get_allowances`.",
            502: "`folder_failed`: the device cannot read the folder.",
            503: "`node_offline`: the device does not answer.",
        },
    ),
)
def create_batch(request: HttpRequest, body: NewBatch) -> Status[Batch]:
    """The question is planned once. A few photos are asked about at a time, after everybody's single questions; follow it over
    its websocket, or by reading it until its state is `done`."""
    row = creation.create(
        request.user,
        body.question,
        body.source(),
        policy=body.policy,
        route=body.route or "",
        node=body.node or "",
        fresh=body.fresh,
    )
    return Status(201, batch_schema(row))


@router.get("/folders", **operation("list_folders", "List the folders of devices that you may ask about", {200: FolderPage}))
def list_folders(request: HttpRequest, query: Query[PageQuery]) -> Page[Folder]:
    """Cameras that are folders: administrators may ask about all photos in them, and those whom they allow it."""
    now = timezone.now()
    rows = folders.of(int(request.user.pk or 0))
    own = [Folder(device=node.slug, folder=name, state=presence.state(node, now)) for node, name in rows]
    return paginate_values(own, query)


@router.get(
    "/folders/{slug:device}/{folder}",
    **operation("get_folder", "Count the photos in a folder of a device", {200: FolderFacts}, NO_FOLDER),
)
def get_folder(request: HttpRequest, device: str, folder: str, query: Query[FolderBounds]) -> FolderFacts:
    """The device is asked; nothing of the photos leaves it but the names, sizes and times of the files."""
    listed = device_folder.listing(request.user, DeviceFolder(device, folder, query.since, query.until))
    return FolderFacts(
        photos=listed.total,
        unnamed=listed.unnamed,
        bytes=sum(file.bytes for file in listed.files) if listed.files else None,
        newest=_moment(listed.files[0].modified) if listed.files else None,
        oldest=_moment(listed.files[-1].modified) if listed.files else None,
    )


def _moment(seconds: float) -> str | None:
    """A file's, which its owner may have set to any."""
    try:
        return iso(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


@router.get("", **operation("list_batches", "List your batches, newest first", {200: BatchPage}))
def list_batches(request: HttpRequest, query: Query[PageQuery]) -> Page[Batch]:
    return paginate(control.all_of(request.user), query, lambda row: Batch.model_validate(summary.as_json(row)))


@router.get("/{uuid:batch}", **operation("get_batch", "Read where a batch stands", {200: Batch}, NO_BATCH))
def get_batch(request: HttpRequest, batch: UUID) -> Batch:
    return batch_schema(control.own(request.user, batch))


@router.get("/{uuid:batch}/items", **operation("list_batch_items", "List the answers of a batch", {200: ItemPage}, NO_BATCH))
def list_batch_items(request: HttpRequest, batch: UUID, query: Query[ItemQuery]) -> Page[Item]:
    row = control.own(request.user, batch)
    rows = summary.items(row, query.sort, query.state, query.certainty, query.route, query.answer)
    return paginate(rows, query, lambda item: Item.model_validate(summary.item_json(item)))


@router.post(
    "/{uuid:batch}/pause",
    **change("pause_batch", "Pause a batch", {200: Batch}, {**NO_BATCH, 409: "`not_running`."}),
)
def pause_batch(request: HttpRequest, batch: UUID) -> Batch:
    """What is being answered is; nothing else begins."""
    row = control.own(request.user, batch)
    control.pause(row)
    return batch_schema(row)


@router.post(
    "/{uuid:batch}/resume",
    **change("resume_batch", "Resume a batch", {200: Batch}, {**NO_BATCH, 409: "`not_paused`."}),
)
def resume_batch(request: HttpRequest, batch: UUID) -> Batch:
    """One that was paused or stopped; photos that were answered are not asked about again."""
    row = control.own(request.user, batch)
    control.resume(row)
    return batch_schema(row)


@router.post(
    "/{uuid:batch}/stop",
    **change("stop_batch", "Stop a batch", {200: Batch}, {**NO_BATCH, 409: "`not_running`."}),
)
def stop_batch(request: HttpRequest, batch: UUID) -> Batch:
    """Also what is being answered ends. The answers so far stay, and it can be resumed."""
    row = control.own(request.user, batch)
    control.stop(row)
    return batch_schema(row)


@router.post(
    "/{uuid:batch}/retry",
    **change("retry_batch", "Ask again about the photos that failed", {200: Batch}, {**NO_BATCH, 409: "`no_failed`."}),
)
def retry_batch(request: HttpRequest, batch: UUID) -> Batch:
    row = control.own(request.user, batch)
    control.retry(row)
    return batch_schema(row)


@router.delete("/{uuid:batch}", **change("delete_batch", "Delete a batch", {204: None}, NO_BATCH))
def delete_batch(request: HttpRequest, batch: UUID) -> Status[None]:
    """With its answers, not its photos. What is being answered is stopped."""
    control.delete(control.own(request.user, batch))
    return Status(204, None)


@router.get(
    "/{uuid:batch}/answers.csv",
    **operation("download_batch_csv", "Download the answers as CSV", {200: None}, NO_BATCH, media_type="text/csv"),
)
def download_batch_csv(request: HttpRequest, batch: UUID) -> HttpResponse:
    row = control.own(request.user, batch)
    rows = [summary.csv_row(item) for item in summary.items(row)]
    return csv_download(f"batch-{row.pk}.csv", summary.COLUMNS, rows)


@router.get(
    "/{uuid:batch}/answers.json",
    **operation("download_batch_json", "Download the batch as JSON", {200: BatchWithItems}, NO_BATCH),
)
def download_batch_json(request: HttpRequest, batch: UUID) -> HttpResponse:
    """As `get_batch`, with all `items` as `list_batch_items` has them."""
    row = control.own(request.user, batch)
    record = {**summary.read(row.pk), "items": [summary.item_json(item) for item in summary.items(row)]}
    return JsonResponse(record, headers={"Content-Disposition": f'attachment; filename="batch-{row.pk}.json"'})
