"""The page of planner usage: calls, outcomes and cost. For administrators only, because it covers everybody's questions."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from inference.answering import planner_usage
from inference.models import PlannerCall
from inference.planning.llm.llm_calls import SUCCESSES
from webapp.accounts.roles import admins_only
from webapp.csv_download import csv_download

SHOWN = 200
COLUMNS = ("created", "model", "purpose", "outcome", "tokens_in", "tokens_out", "ms", "cost", "estimated")


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
            "successes": SUCCESSES,
            "today": planner_usage.summary(),
            "model": planner["model"],
            "limit": planner["daily_limit"],
            "priced": planner["price_in"] or planner["price_out"],
        },
    )


@admins_only
def calls_csv(request: HttpRequest) -> StreamingHttpResponse:
    return csv_download("planner-calls.csv", COLUMNS, PlannerCall.objects.values_list(*COLUMNS).iterator())
