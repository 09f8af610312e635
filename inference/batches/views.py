"""The pages: one's batches with the form of a new one, and one batch as it is answered."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from pydantic import ValidationError

from devices import model_choice
from devices.camera_access import folders
from inference.batches import control, summary
from inference.batches.api_schemas import LibraryQuery
from inference.batches.sources import shown
from inference.engine import catalogue
from inference.engine.photos import formats
from inference.models import Album
from inference.photos import question_photos
from webapp.languages import errors
from webapp.live.errors import UserError

SHOWN = 200  # batches in the list
SAMPLE = 12  # photos of a new batch that the form shows, where the library chose them
LIBRARY, SELECTION = "library", "selection"  # where the address says that the photos come from
BAD_ADDRESS = UserError("bad_address", "This address names no photos.", "Go back to the library and choose some.", 422)


def batches(request: HttpRequest) -> HttpResponse:
    rows = [summary.as_json(batch) for batch in control.all_of(request.user)[:SHOWN]]
    boot = {
        "batches": rows,
        "most_photos": settings.BATCH_PHOTOS,
        "max_question_chars": settings.QUESTION_MAX_CHARS,
        "sample": SAMPLE,
        "selection": request.GET.get("from") == SELECTION,
        "library": _library(request) if request.GET.get("from") == LIBRARY else None,
        "folders": [{"device": node.slug, "folder": name} for node, name in folders.of(int(request.user.pk or 0))],
    }
    return render(request, "batches/list.html", {"boot": boot, "any": bool(rows), "accept": formats.accept()})


def _library(request: HttpRequest) -> dict[str, Any]:
    """The photos that the library showed, as the address has its filters and its search: how many, the first of them, and
    what a new batch sends to have them; or why there is none."""
    person = int(request.user.pk or 0)
    try:
        query = LibraryQuery.model_validate(request.GET.dict())
        chosen = shown.preview(person, query.shown(), SAMPLE)
    except ValidationError:
        return {"error": errors.sentences(BAD_ADDRESS)}
    except UserError as error:
        return {"error": errors.sentences(error)}
    album = Album.objects.filter(pk=query.album, owner=person).first() if query.album else None
    return {
        "total": chosen.total,
        "photos": [question_photos.photo_json(photo) for photo in chosen.photos],
        "query": query.model_dump(mode="json", exclude_defaults=True),
        "album": album.name if album else "",
    }


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
