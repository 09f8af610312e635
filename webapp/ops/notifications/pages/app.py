"""The installable app: its service worker, and the page that it shows while the server cannot be reached."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

WORKER = Path(settings.BASE_DIR) / "static" / "js" / "service-worker.js"


@require_safe
@login_not_required
def service_worker(request: HttpRequest) -> FileResponse:
    """At the root: a worker sees only what is below its own address."""
    response = FileResponse(WORKER.open("rb"), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
@login_not_required
def offline(request: HttpRequest) -> HttpResponse:
    """Stored in browsers, so it says nothing about anybody."""
    return render(request, "offline.html")
