"""The pages: all runs, the form of a new one, one run as it happens, runs side by side; and the downloads."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from federation import form_fields, nodes, tables
from federation.models import Run
from federation.runs import flower_export, lifecycle, run_artifacts, wording
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError

SHOWN = 200  # runs in the list
COMPARED = 6  # more lines than this cannot be told apart


def runs_page(request: HttpRequest) -> HttpResponse:
    rows = [tables.row(run) for run in lifecycle.all_of(request.user).prefetch_related("rounds")[:SHOWN]]
    return render(request, "federation/runs.html", {"rows": rows, "training": nodes.training(), "defaults": RunSpec()})


def new(request: HttpRequest) -> HttpResponse:
    """The form. `?like=12` starts with the specification of run 12."""
    like = request.GET.get("like", "")
    spec = RunSpec().model_dump()
    if like.isdecimal() and (earlier := lifecycle.all_of(request.user).filter(pk=int(like)).first()):
        spec = earlier.spec
    return render(request, "federation/form.html", _form(None, spec, {}))


def run_page(request: HttpRequest, number: int) -> HttpResponse:
    """A draft is a form with its reasons; anything later is watched, through the socket."""
    try:
        run = lifecycle.own(request.user, number)
    except UserError:
        return _not_found(request)
    if run.state == "draft":
        return render(request, "federation/form.html", _form(run, run.spec, run.why))
    names = {field: gettext(name) for field, name in wording.labels(run.spec).items()}
    configuration = [(gettext(name), gettext(value) if value else "") for name, value in wording.listing(run.spec)]
    boot = {"run": lifecycle.snapshot(run), "labels": names, "configuration": configuration}
    return render(request, "federation/run.html", {"run": run, "boot": boot, "tested_on": wording.tested_on(run.spec)})


def compare(request: HttpRequest) -> HttpResponse:
    """`?runs=3,5`: accuracy by round, by bytes and by seconds of each."""
    numbers = [int(part) for part in request.GET.get("runs", "").split(",") if part.strip().isdecimal()][:COMPARED]
    runs = list(lifecycle.all_of(request.user).filter(pk__in=numbers).prefetch_related("rounds"))
    if len(runs) < 2:
        return HttpResponseRedirect(reverse("federation:page"))
    boot = {"runs": [{"run": run.pk, "title": tables.title(run), "rounds": tables.curve(run)} for run in runs]}
    return render(request, "federation/compare.html", {"rows": [tables.row(run) for run in runs], "boot": boot})


def rounds_csv(request: HttpRequest, number: int) -> HttpResponse:
    return _csv(request, number, "rounds", tables.rounds_csv)


def clients_csv(request: HttpRequest, number: int) -> HttpResponse:
    return _csv(request, number, "clients", tables.clients_csv)


def run_json(request: HttpRequest, number: int) -> HttpResponse:
    try:
        return JsonResponse(lifecycle.snapshot(lifecycle.own(request.user, number)))
    except UserError:
        return _not_found(request)


def model(request: HttpRequest, number: int) -> HttpResponse:
    return _artifact(request, number, run_artifacts.WEIGHTS, "application/octet-stream")


def card(request: HttpRequest, number: int) -> HttpResponse:
    return _artifact(request, number, run_artifacts.TEXT, "text/markdown; charset=utf-8")


def code(request: HttpRequest, number: int) -> HttpResponse:
    """The run as a Flower app of its own, which `flwr run` starts anywhere."""
    try:
        run = lifecycle.own(request.user, number)
    except UserError:
        return _not_found(request)
    archive = flower_export.zip_bytes(RunSpec.model_validate(run.spec))
    return _file(archive, "application/zip", f"run-{run.pk}.zip")


def _form(run: Run | None, spec: Mapping[str, Any], why: Mapping[str, str]) -> dict[str, object]:
    boot = {"run": run.pk if run else None, "spec": spec}
    return {"run": run, "groups": form_fields.groups(spec, why), "why": why, "training": nodes.training(), "boot": boot}


def _artifact(request: HttpRequest, number: int, name: str, content_type: str) -> HttpResponse:
    """A file of a finished run; 404 without one."""
    try:
        run = lifecycle.own(request.user, number)
        return _file(run_artifacts.folder(run.pk).joinpath(name).read_bytes(), content_type, f"run-{run.pk}-{name}")
    except (UserError, FileNotFoundError):
        return _not_found(request)


def _csv(request: HttpRequest, number: int, name: str, make: Callable[[Run], str]) -> HttpResponse:
    try:
        run = lifecycle.own(request.user, number)
    except UserError:
        return _not_found(request)
    return _file(make(run).encode(), "text/csv; charset=utf-8", f"run-{run.pk}-{name}.csv")


def _file(data: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _not_found(request: HttpRequest) -> HttpResponse:
    return render(request, "404.html", status=404)
