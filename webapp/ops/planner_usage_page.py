"""The page of planner usage: calls, outcomes and cost. For administrators only, because it covers everybody's questions."""

import csv
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from inference.answering import planner_usage
from inference.models import PlannerCall
from webapp.accounts.roles import admins_only

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


class _Line:
    """A file for csv.writer that returns each row instead of storing it."""

    def write(self, text: str) -> str:
        return text


@admins_only
def calls_csv(request: HttpRequest) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_rows(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="planner-calls.csv"'
    return response


def _rows() -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in PlannerCall.objects.values_list(*COLUMNS).iterator():
        yield writer.writerow([_safe(value) for value in (row[0].isoformat(), *row[1:])])


def _safe(value: object) -> object:
    """Keeps a spreadsheet from evaluating a model name that starts like a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" else value
