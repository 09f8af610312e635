"""The pages: watches with the timeline of their events, and the form of one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from devices.contract.watches import WatchSettings
from inference.answering import trained_models
from inference.watches import lifecycle, live
from inference.watches.events import lanes, selection
from inference.watches.events.selection import Selection
from inference.watches.models import Watch
from webapp.live.errors import UserError


def page(request: HttpRequest) -> HttpResponse:
    """`?event=12` opens an event."""
    return render(
        request,
        "watches/page.html",
        {
            "boot": {
                "watches": live.watches_data(lifecycle.all_of(request.user)),
                "events": [live.event_data(event) for event in live.visible(request.user)[: live.SHOWN]],
                "lanes": lanes.of(request.user, Selection(), timezone.now()),
                "cameras": selection.cameras(request.user),
                "event": request.GET.get("event", ""),
            },
            "cameras": lifecycle.usable_cameras(request.user),
        },
    )


def new(request: HttpRequest) -> HttpResponse:
    """The form. `?camera=jetson-a/porch` chooses one, `?run=12` a model."""
    return _form(request, None, WatchSettings(camera="-", looks_for="-").model_dump(mode="json") | {"looks_for": ""})


def edit(request: HttpRequest, watch: int) -> HttpResponse:
    """A draft is a form with the words that its settings come from."""
    try:
        row = lifecycle.own(request.user, watch)
    except UserError:
        return render(request, "404.html", status=404)
    return _form(request, row, row.spec.model_dump(mode="json"))


def _form(request: HttpRequest, watch: Watch | None, settings: dict[str, Any]) -> HttpResponse:
    cameras = [{"node": node, "camera": camera} for node, camera in lifecycle.usable_cameras(request.user)]
    learnt = reversed(trained_models.cards(request.user.pk or 0))
    runs = [{"run": int(run.name.removeprefix("run ")), "classes": run.classes, "accuracy": run.accuracy} for run in learnt]
    boot = {
        "watch": live.watch_data(watch) if watch else None,
        "settings": settings,
        "cameras": cameras,
        "camera": request.GET.get("camera", ""),
        "runs": runs,
        "run": request.GET.get("run", ""),
    }
    return render(
        request, "watches/form.html", {"boot": boot, "watch": watch, "cameras": cameras, "why": watch.why if watch else {}}
    )
