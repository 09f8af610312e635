"""Batches over HTTP: what the page uses is what a script uses."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router, Status

from inference.batches import control, creation, summary
from inference.batches.api_schemas import Batch, BatchPage, BatchWithItems, Item, ItemPage, ItemQuery, NewBatch
from inference.batches.models import Batch as Row
from webapp.csv_download import csv_download
from webapp.live.http import Page, PageQuery, change, operation, paginate

router = Router(tags=["batches"])
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
            404: "`unknown_photos`: some of them do not exist or are not yours. `not_found`: no such album or photo of yours.",
            409: "`search_off`, `search_without_model`, `not_indexed`: as `search_library` and `find_alike` have them.",
            422: "`no_photos`, `several_sources`, `too_many_photos`, `empty_question`, `question_too_long`, `unknown_policy`, "
            "`unknown_route`, `unknown_node`; `no_steps`, `no_training`, `one_photo_each`: the message is no question that "
            "each photo answers.",
            429: "`too_many_batches`: you have as many unfinished ones as you may. `allowance_used`: see `get_allowances`.",
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
