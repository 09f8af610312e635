"""The pages: all runs, the form of a new one, one run as it happens, runs side by side; and what can be downloaded."""

from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from federation import form_fields, nodes, tables
from federation.models import Run
from federation.runs import lifecycle, run_artifacts
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError

SHOWN = 200  # runs in the list
COMPARED = 6  # more lines than this nobody can tell apart


def runs_page(request: HttpRequest) -> HttpResponse:
    rows = [tables.row(run) for run in lifecycle.all_of(request.user).prefetch_related("rounds")[:SHOWN]]
    return render(request, "federation/runs.html", {"rows": rows, "training": nodes.training(), "defaults": RunSpec()})


def new(request: HttpRequest) -> HttpResponse:
    """The form. `?like=12` begins with the specification of run 12."""
    like = request.GET.get("like", "")
    told = RunSpec().model_dump()
    if like.isdecimal() and (earlier := lifecycle.all_of(request.user).filter(pk=int(like)).first()):
        told = earlier.spec
    return render(request, "federation/form.html", _form(None, told, {}))


def run_page(request: HttpRequest, number: int) -> HttpResponse:
    """A draft is a form with its reasons; anything later is watched. What happens comes by socket."""
    try:
        run = lifecycle.own(request.user, number)
    except UserError:
        return render(request, "404.html", status=404)
    if run.state == "draft":
        return render(request, "federation/form.html", _form(run, run.spec, run.why))
    return render(request, "federation/run.html", {"run": run, "boot": {"run": lifecycle.snapshot(run)}})


def compare(request: HttpRequest) -> HttpResponse:
    """`?runs=3,5`: accuracy by round, by bytes and by seconds of each."""
    wanted = [int(one) for one in request.GET.get("runs", "").split(",") if one.strip().isdecimal()][:COMPARED]
    found = list(lifecycle.all_of(request.user).filter(pk__in=wanted).prefetch_related("rounds"))
    if len(found) < 2:
        return HttpResponseRedirect(reverse("federation:page"))
    boot = {"runs": [{"run": run.pk, "title": tables.title(run), "rounds": tables.curve(run)} for run in found]}
    return render(request, "federation/compare.html", {"rows": [tables.row(run) for run in found], "boot": boot})


def rounds_csv(request: HttpRequest, number: int) -> HttpResponse:
    return _download(request, number, "rounds", tables.rounds_csv)


def clients_csv(request: HttpRequest, number: int) -> HttpResponse:
    return _download(request, number, "clients", tables.clients_csv)


def run_json(request: HttpRequest, number: int) -> HttpResponse:
    try:
        return JsonResponse(lifecycle.snapshot(lifecycle.own(request.user, number)))
    except UserError:
        return render(request, "404.html", status=404)


def model(request: HttpRequest, number: int) -> HttpResponse:
    return _kept(request, number, run_artifacts.WEIGHTS, "application/octet-stream")


def card(request: HttpRequest, number: int) -> HttpResponse:
    return _kept(request, number, run_artifacts.TEXT, "text/markdown; charset=utf-8")


def code(request: HttpRequest, number: int) -> HttpResponse:
    """The run as a Flower app of its own, that `flwr run` starts anywhere."""
    try:
        run = lifecycle.own(request.user, number)
    except UserError:
        return render(request, "404.html", status=404)
    packed = import_module("federation.runs.flower_export").zip_bytes(RunSpec.model_validate(run.spec))
    return _file(packed, "application/zip", f"run-{run.pk}.zip")


def _form(run: Run | None, told: dict[str, Any], why: dict[str, str]) -> dict[str, Any]:
    boot = {"run": run.pk if run else None, "spec": told, "only": form_fields.ONLY}
    return {"run": run, "groups": form_fields.groups(told, why), "why": why, "training": nodes.training(), "boot": boot}


def _kept(request: HttpRequest, number: int, name: str, kind: str) -> HttpResponse:
    """A file that the finished run left behind; a run without one is not found."""
    try:
        run = lifecycle.own(request.user, number)
        return _file(run_artifacts.folder(run.pk).joinpath(name).read_bytes(), kind, f"run-{run.pk}-{name}")
    except (UserError, FileNotFoundError):
        return render(request, "404.html", status=404)


def _download(request: HttpRequest, number: int, name: str, make: Any) -> HttpResponse:
    try:
        run = lifecycle.own(request.user, number)
    except UserError:
        return render(request, "404.html", status=404)
    return _file(make(run).encode(), "text/csv; charset=utf-8", f"run-{run.pk}-{name}.csv")


def _file(data: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
