"""The pages: one's batches with the form of a new one, and one batch as it is answered."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from devices import model_choice
from inference.batches import control, summary
from inference.engine import catalogue
from inference.engine.photos import formats
from webapp.live.errors import UserError

SHOWN = 200  # batches in the list


def batches(request: HttpRequest) -> HttpResponse:
    rows = [summary.as_json(batch) for batch in control.all_of(request.user)[:SHOWN]]
    boot = {
        "batches": rows,
        "most_photos": settings.BATCH_PHOTOS,
        "max_question_chars": settings.QUESTION_MAX_CHARS,
    }
    return render(request, "batches/list.html", {"boot": boot, "any": bool(rows), "accept": formats.accept()})


def batch(request: HttpRequest, batch: UUID) -> HttpResponse:
    try:
        row = control.own(request.user, batch)
    except UserError:
        return render(request, "404.html", status=404)
    boot: dict[str, Any] = {
        "batch": summary.read(row.pk),
        "rebuild": catalogue.profile(model_choice.active()).card.get("rebuild", []),
    }
    return render(request, "batches/batch.html", {"batch": row, "boot": boot})
