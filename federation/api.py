"""Runs over HTTP: what the page uses is what a script uses."""

from dataclasses import asdict
from typing import Any

from django.db.models import Max
from django.http import HttpRequest
from ninja import Router, Schema

from devices.models import Node
from federation import nodes
from federation.runs import cost, lifecycle, spec

router = Router(tags=["federation"])
LISTED = 200


class Wanted(Schema):
    spec: dict[str, Any] = {}
    start: bool = False


@router.post("/estimate", response=dict[str, Any])
def estimate(request: HttpRequest, body: Wanted) -> dict[str, Any]:
    """What a run would cost, or one sentence for each field that is wrong."""
    wanted, wrong = spec.read(body.spec)
    able = nodes.training()
    told: dict[str, Any] = {"problems": wrong, "nodes": able, "estimate": None}
    if wanted is not None:
        slowest = Node.objects.filter(slug__in=able).aggregate(slowest=Max("simulated_slowdown"))["slowest"]
        found = cost.estimate(wanted, len(able) or None, slowest or 1.0)
        told["estimate"] = {**asdict(found), "seconds": found.seconds}
    return told


@router.get("/runs", response=list[dict[str, Any]])
def listed(request: HttpRequest) -> list[dict[str, Any]]:
    return [lifecycle.as_json(run) for run in lifecycle.all_of(request.user)[:LISTED]]


@router.post("/runs", response={201: dict[str, Any]})
def make(request: HttpRequest, body: Wanted) -> tuple[int, dict[str, Any]]:
    """Keep a specification as a draft; with `start`, begin at once. Fields left out are defaults."""
    if body.start:
        nodes.check(lifecycle.checked(body.spec))  # before anything is stored
    run = lifecycle.draft(request.user, body.spec)
    if body.start:
        lifecycle.start(run)
    return 201, lifecycle.as_json(run)


@router.get("/runs/{int:number}", response=dict[str, Any])
def read(request: HttpRequest, number: int) -> dict[str, Any]:
    """The run with every round and every client of it."""
    return lifecycle.snapshot(lifecycle.own(request.user, number))


@router.put("/runs/{int:number}", response=dict[str, Any])
def change(request: HttpRequest, number: int, body: Wanted) -> dict[str, Any]:
    """Another specification for a draft; with `start`, begin at once."""
    run = lifecycle.own(request.user, number)
    lifecycle.change(run, body.spec)
    if body.start:
        lifecycle.start(run)
    return lifecycle.as_json(run)


@router.post("/runs/{int:number}/start", response=dict[str, Any])
def start(request: HttpRequest, number: int) -> dict[str, Any]:
    """Start a draft, or go on from the last completed round."""
    run = lifecycle.own(request.user, number)
    lifecycle.start(run)
    return lifecycle.as_json(run)


@router.post("/runs/{int:number}/pause", response=dict[str, Any])
def pause(request: HttpRequest, number: int) -> dict[str, Any]:
    run = lifecycle.own(request.user, number)
    lifecycle.pause(run)
    return lifecycle.as_json(run)


@router.post("/runs/{int:number}/stop", response=dict[str, Any])
def stop(request: HttpRequest, number: int) -> dict[str, Any]:
    """A run that has ended stays as it is."""
    run = lifecycle.own(request.user, number)
    lifecycle.stop(run)
    return lifecycle.as_json(run)


@router.delete("/runs/{int:number}", response={204: None})
def forget(request: HttpRequest, number: int) -> tuple[int, None]:
    """Delete a run with its rounds. Its model stays in the catalogue."""
    lifecycle.delete(lifecycle.own(request.user, number))
    return 204, None
