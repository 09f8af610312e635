"""The page of the log: administrators see everybody's calls, others their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from inference.calls import log
from inference.calls.tables import BATCH, ModelCall
from inference.models import Turn
from inference.watches import lifecycle
from webapp.ops.calls import chart, export
from webapp.ops.calls.filter_form import ORIGINS, FilterForm, labels, start_of, task_labels
from webapp.ops.retention import periods

SHOWN = 50


@dataclass(frozen=True)
class Row:
    """A call with what people read instead of stored names. `link`: to the question or the watch, where the reader may open
    it."""

    call: ModelCall
    link: str
    origin: str
    task: str
    route: str


@require_GET
def calls_page(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    chosen, day = log.Selection(request.user, form.filters()), form.shown_day()
    totals, hours = chosen.totals(), chosen.hours(start_of(day))
    rows, older = _page(chosen.calls(), request.GET.get("before", ""))
    page = {
        "form": form,
        "everybody": getattr(request.user, "is_staff", False),
        "totals": totals,
        "percentiles": chosen.percentiles(totals.computed),
        "day": start_of(day),
        "day_before": form.query(day=day - timedelta(days=1)),
        "day_after": form.query(day=day + timedelta(days=1)) if day < timezone.localdate() else "",
        "hours": hours,
        "bars": chart.bars(hours),
        "chart": {"width": chart.WIDTH, "height": chart.HEIGHT},
        "most": max(hour.calls for hour in hours),
        "rows": _linked(rows, request.user),
        "older": form.query(before=older) if older else "",
        "is_first": not request.GET.get("before"),
        "query": form.query(),
        "days": periods.chosen()["model_calls"],
        "texts": settings.CALL_TEXTS,
        "shows_text": settings.CALL_TEXTS,
    }
    return render(request, "calls/calls.html", page)


@require_GET
def calls_csv(request: HttpRequest) -> StreamingHttpResponse:
    return export.as_csv(_chosen(request))


@require_GET
def calls_json(request: HttpRequest) -> StreamingHttpResponse:
    return export.as_json(_chosen(request))


def _form(request: HttpRequest) -> FilterForm:
    return FilterForm(request.GET, everybody=getattr(request.user, "is_staff", False))


def _chosen(request: HttpRequest) -> QuerySet[ModelCall]:
    return log.Selection(request.user, _form(request).filters()).calls()


def _page(calls: QuerySet[ModelCall], before: str) -> tuple[list[ModelCall], int | None]:
    """The newest calls, of those before a given one, and the last of them where there are more. By their place, not by counting
    from the start, which takes the longer the further back one reads."""
    if before.isdecimal() and (last := ModelCall.objects.filter(pk=min(int(before), 2**63 - 1)).first()):
        calls = calls.filter(Q(created__lt=last.created) | Q(created=last.created, pk__lt=last.pk), created__lte=last.created)
    rows = list(calls.select_related("owner", "token")[: SHOWN + 1])
    return rows[:SHOWN], rows[SHOWN - 1].pk if len(rows) > SHOWN else None


def _linked(calls: Sequence[ModelCall], reader: Any) -> list[Row]:
    """Only its owner can open a question or a watch."""
    turns = Turn.objects.filter(pk__in={call.turn for call in calls if call.turn}, owner=reader.pk)
    conversations = dict(turns.values_list("pk", "conversation"))
    watches = set(
        lifecycle.all_of(reader).filter(pk__in={call.watch for call in calls if call.watch}).values_list("pk", flat=True)
    )
    tasks, routes, rows = dict(task_labels()), dict(labels("routes")), []
    for call in calls:
        link = ""
        if place := conversations.get(call.turn):
            link = reverse("batches:batch" if call.origin == BATCH else "conversation", args=(place,))
            link += f"#turn-{call.turn}" if call.origin != BATCH else ""
        elif call.watch in watches:
            link = reverse("watches:edit", args=(call.watch,))
        words = (names.get(name, name) for names, name in ((ORIGINS, call.origin), (tasks, call.purpose), (routes, call.route)))
        rows.append(Row(call, link, *words))
    return rows
