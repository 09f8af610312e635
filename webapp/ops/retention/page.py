"""The page of retention, for administrators: what everything takes, what goes when, and how long each kind is stored."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError as BrokerError

from webapp.accounts import audit
from webapp.accounts.roles import admins_only
from webapp.languages import errors as translated
from webapp.live.errors import UserError
from webapp.ops import clock
from webapp.ops.retention import folders, overview, periods
from webapp.ops.retention.kinds import BY_NAME
from webapp.ops.retention.models import Run


@require_GET
@admins_only
def page(request: HttpRequest) -> HttpResponse:
    return _page(request, {})


@require_POST
@admins_only
def save(request: HttpRequest) -> HttpResponse:
    """All periods of the form, or none of them where one cannot be read."""
    typed = {name: str(request.POST[name]) for name in periods.chosen() if name in request.POST}
    wanted, wrong = {}, {}
    for name, text in typed.items():
        try:
            wanted[name] = periods.parsed(BY_NAME[name], text)
        except UserError as error:
            body = translated.body(error)
            wrong[name] = f"{body['message']} {body['next']}"
    if wrong:
        return _page(request, wrong, typed, status=422)
    changed = len(periods.change(wanted))
    done = ngettext("%(count)s period was changed.", "%(count)s periods were changed.", changed) % {"count": changed}
    messages.success(request, done if changed else gettext("Nothing was changed."))
    return redirect("retention:page")


@require_POST
@admins_only
def run_now(request: HttpRequest) -> HttpResponseRedirect:
    from webapp.ops.tasks import prune  # it registers a task, and this module is imported before Celery is ready

    try:
        prune.apply_async(queue=clock.CLOCK_QUEUE, expires=300)
    except BrokerError:
        messages.error(request, gettext("Redis does not answer, so nothing was started. Try again in a moment."))
    else:
        audit.record(None, "deletion started", "system:retention")
        messages.success(request, gettext("What is due is being deleted. Reload this page in a moment."))
    return redirect("retention:page")


def _page(request: HttpRequest, wrong: dict[str, str], typed: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    now = timezone.now()
    rows = overview.rows(now)
    shown = [_shown(row, wrong, typed or {}) for row in rows]
    context = {
        "rows": shown,
        "total": sum(row.due for row in rows),
        "disk": overview.disk(),
        "folders": folders.rows(),
        "last": Run.objects.exclude(finished=None).first(),
        "next_run": overview.next_run(now),
        "wrong": list(wrong.values()),
        "most_days": periods.MOST_DAYS,
    }
    return render(request, "retention.html", context, status=status)


def _shown(row: overview.Row, wrong: dict[str, str], typed: dict[str, str]) -> dict[str, Any]:
    name = row.kind.name
    days = "" if row.days is None else str(row.days)
    return {"row": row, "name": name, "typed": typed.get(name, days), "wrong": name in wrong}


app_name = "retention"
urlpatterns = [path("", page, name="page"), path("save/", save, name="save"), path("run/", run_now, name="run")]
