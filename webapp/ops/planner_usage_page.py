"""The page of planner usage: calls, outcomes and cost. For administrators only, because it covers everybody's questions."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from inference.answering import planner_usage
from inference.models import PlannerCall
from webapp.accounts.roles import admins_only
<<<<<<< HEAD
from webapp.csv_download import csv_download
=======
from webapp.live.moments import iso
>>>>>>> e921685 (Show moments in the viewer's time zone, keep drafts over a reload, and put exact ticks on the axes of runs)

SHOWN = 200
COLUMNS = ("created", "model", "purpose", "outcome", "tokens_in", "tokens_out", "ms", "cost")


@admins_only
def calls(request: HttpRequest) -> HttpResponse:
    planner = settings.PLANNER
    return render(
        request,
        "planner.html",
        {
            "calls": PlannerCall.objects.all()[:SHOWN],
            "shown": SHOWN,
            "total": PlannerCall.objects.count(),
            "today": planner_usage.summary(),
            "model": planner["model"],
            "limit": planner["daily_limit"],
            "priced": planner["price_in"] or planner["price_out"],
        },
    )


@admins_only
def calls_csv(request: HttpRequest) -> StreamingHttpResponse:
    return csv_download("planner-calls.csv", COLUMNS, _rows())


<<<<<<< HEAD
def _rows() -> Iterator[tuple[object, ...]]:
    for created, *rest in PlannerCall.objects.values_list(*COLUMNS).iterator():
        yield (created.isoformat(), *rest)
=======
def _rows() -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in PlannerCall.objects.values_list(*COLUMNS).iterator():
        yield writer.writerow([_safe(value) for value in (iso(row[0]), *row[1:])])


def _safe(value: object) -> object:
    """Keeps a spreadsheet from evaluating a model name that starts like a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" else value
>>>>>>> e921685 (Show moments in the viewer's time zone, keep drafts over a reload, and put exact ticks on the axes of runs)
