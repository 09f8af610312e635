"""Training runs over HTTP: what the page uses is what a script uses."""

from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from devices.models import Node
from federation import nodes, tables
from federation.api_schemas import EstimateReply, NewRun, Run, RunEstimate, RunPage, RunWithRounds
from federation.models import Run as Row
from federation.runs import cost, lifecycle, queueing, run_artifacts, spec
from webapp.live.errors import not_found
from webapp.live.http import Page, PageQuery, change, operation, paginate

router = Router(tags=["training"])
NO_RUN = {404: "`not_found`: no such run of yours."}
NO_FILE = {404: "`not_found`: no such run of yours, or it has no such file yet."}
BAD_SPEC = {422: "`bad_spec`: a field of the specification is wrong."}
STARTING = {
    422: "`bad_spec`, `deadline_too_short`.",
    429: "`too_many_runs`: you have as many waiting or running as you may.",
    409: "`no_training_node`, `too_few_devices`, `no_photos`, `devices_away`, `too_few_classes`, "
    "`not_startable`, `already_started`.",
}


def run_schema(row: Row) -> Run:
    return Run.model_validate(lifecycle.as_json(row))


@router.post("/estimate", **change("estimate_run", "Estimate what a run would cost", {200: EstimateReply}))
def estimate_run(request: HttpRequest, body: NewRun) -> EstimateReply:
    """Bytes and seconds, or one sentence for each field that is wrong. Nothing is stored."""
    run_spec, problems = spec.read(body.spec)
    trainers, photos = nodes.training(), nodes.labelled()
    if run_spec is None:
        return EstimateReply(problems=problems, nodes=trainers, classes=[], photos=photos, estimate=None)
    if (reason := nodes.obstacle(run_spec)) is not None and reason.field:
        problems = {reason.field: f"{reason.error.message} {reason.error.next}"}
    chosen = nodes.agreed(run_spec, photos)
    slowest = Node.objects.filter(slug__in=trainers).aggregate(slowest=Max("simulated_slowdown"))["slowest"]
    result = cost.estimate(chosen, len(trainers) or None, slowest or 1.0)
    return EstimateReply(
        problems=problems,
        nodes=chosen.nodes or trainers,
        classes=chosen.classes,
        photos=photos if chosen.on_devices else {},
        estimate=RunEstimate(**asdict(result), seconds=result.seconds),
    )


@router.get("/runs", exclude_unset=True, **operation("list_runs", "List your runs, newest first", {200: RunPage}))
def list_runs(request: HttpRequest, query: Query[PageQuery]) -> Page[Run]:
    return paginate(lifecycle.all_of(request.user), query, run_schema)


@router.post(
    "/runs",
    exclude_unset=True,
    **change("create_run", "Create a draft of a run, or start one", {201: Run}, {**BAD_SPEC, **STARTING}),
)
def create_run(request: HttpRequest, body: NewRun) -> Status[Run]:
    """The specification is stored as a draft; with `start`, the run begins at once."""
    if body.start:
        nodes.check(lifecycle.checked(body.spec))  # before anything is stored
        queueing.check_room(request.user)
    run = lifecycle.draft(request.user, body.spec)
    if body.start:
        lifecycle.start(run)
    return Status(201, run_schema(run))


@router.get(
    "/runs/{int:number}",
    exclude_unset=True,
    **operation("get_run", "Read a run with its rounds and clients", {200: RunWithRounds}, NO_RUN),
)
def get_run(request: HttpRequest, number: int) -> RunWithRounds:
    return RunWithRounds.model_validate(lifecycle.snapshot(lifecycle.own(request.user, number)))


@router.put(
    "/runs/{int:number}",
    exclude_unset=True,
    **change("update_run", "Change a draft", {200: Run}, {**NO_RUN, **BAD_SPEC, **STARTING}),
)
def update_run(request: HttpRequest, number: int, body: NewRun) -> Run:
    """Replaces the whole specification; with `start`, the run begins at once. Only a draft can be changed."""
    run = lifecycle.own(request.user, number)
    lifecycle.change(run, body.spec)
    if body.start:
        lifecycle.start(run)
    return run_schema(run)


@router.post(
    "/runs/{int:number}/start",
    exclude_unset=True,
    **change("start_run", "Start or resume a run", {200: Run}, {**NO_RUN, **STARTING}),
)
def start_run(request: HttpRequest, number: int) -> Run:
    """A run that was paused, stopped or failed resumes after its last completed round."""
    run = lifecycle.own(request.user, number)
    lifecycle.start(run)
    return run_schema(run)


@router.post(
    "/runs/{int:number}/pause",
    exclude_unset=True,
    **change("pause_run", "Pause a run", {200: Run}, {**NO_RUN, 409: "`not_running`."}),
)
def pause_run(request: HttpRequest, number: int) -> Run:
    """The round under way is discarded."""
    run = lifecycle.own(request.user, number)
    lifecycle.pause(run)
    return run_schema(run)


@router.post("/runs/{int:number}/stop", exclude_unset=True, **change("stop_run", "Stop a run", {200: Run}, NO_RUN))
def stop_run(request: HttpRequest, number: int) -> Run:
    """The model of the last completed round stays. A run that has ended stays as it is."""
    run = lifecycle.own(request.user, number)
    lifecycle.stop(run)
    return run_schema(run)


@router.delete(
    "/runs/{int:number}",
    **change("delete_run", "Delete a run with its files", {204: None}, {**NO_RUN, 409: "`still_running`: stop it first."}),
)
def delete_run(request: HttpRequest, number: int) -> Status[None]:
    """Its rounds and its model go as well, so the model can no longer be used in chat."""
    lifecycle.delete(lifecycle.own(request.user, number))
    return Status(204, None)


@router.get(
    "/runs/{int:number}/rounds.csv",
    **operation("download_rounds", "Download the rounds as CSV", {200: None}, NO_RUN, media_type="text/csv"),
)
def download_rounds(request: HttpRequest, number: int) -> HttpResponse:
    return _table(request, number, "rounds", tables.rounds_csv)


@router.get(
    "/runs/{int:number}/clients.csv",
    **operation("download_clients", "Download every client of every round as CSV", {200: None}, NO_RUN, media_type="text/csv"),
)
def download_clients(request: HttpRequest, number: int) -> HttpResponse:
    return _table(request, number, "clients", tables.clients_csv)


@router.get(
    "/runs/{int:number}/model.safetensors",
    **operation("download_model", "Download the model", {200: None}, NO_FILE, media_type="application/octet-stream"),
)
def download_model(request: HttpRequest, number: int) -> HttpResponse:
    return _artifact(request, number, run_artifacts.WEIGHTS, "application/octet-stream")


@router.get(
    "/runs/{int:number}/card.md",
    **operation("download_card", "Download the model card", {200: None}, NO_FILE, media_type="text/markdown"),
)
def download_card(request: HttpRequest, number: int) -> HttpResponse:
    return _artifact(request, number, run_artifacts.TEXT, "text/markdown; charset=utf-8")


@router.get(
    "/runs/{int:number}/code.zip",
    **operation("download_app", "Download the run as a Flower app", {200: None}, NO_RUN, media_type="application/zip"),
)
def download_app(request: HttpRequest, number: int) -> HttpResponse:
    """`flwr run` starts it anywhere."""
    run = lifecycle.own(request.user, number)
    packed = import_module("federation.runs.flower_export").zip_bytes(spec.RunSpec.model_validate(run.spec))
    return _file(packed, "application/zip", f"run-{run.pk}.zip")


def _table(request: HttpRequest, number: int, name: str, make: Callable[[Row], str]) -> HttpResponse:
    run = lifecycle.own(request.user, number)
    return _file(make(run).encode(), "text/csv; charset=utf-8", f"run-{run.pk}-{name}.csv")


def _artifact(request: HttpRequest, number: int, name: str, media_type: str) -> HttpResponse:
    run = lifecycle.own(request.user, number)
    try:
        data = run_artifacts.folder(run.pk).joinpath(name).read_bytes()
    except FileNotFoundError:
        raise not_found("file") from None
    return _file(data, media_type, f"run-{run.pk}-{name}")


def _file(data: bytes, media_type: str, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
