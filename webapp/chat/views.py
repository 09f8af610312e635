"""The pages of chat and models, and the photo files."""

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from devices import model_choice, uploads
from devices.camera_access import rules
from devices.models import Node
from devices.telemetry import presence
from inference.engine import catalogue
from inference.engine.description import card_text, describe
from inference.engine.photos import formats
from inference.model_jobs import overview
from inference.models import Photo
from inference.photos import question_photos
from inference.photos.earlier import MOST_PHOTOS
from inference.placement import policies
from webapp.chat import conversations, photo_files
from webapp.chat.library import listing
from webapp.chat.models import NOTE_CHARS, TITLE_CHARS
from webapp.chat.sharing import links
from webapp.live.errors import UserError


def chat(request: HttpRequest, conversation: UUID | None = None) -> HttpResponse:
    """The chat page. Its turns arrive over the websocket."""
    row: listing.ConversationRow | None = None
    if conversation is not None:
        try:
            row = listing.row_of(conversations.own(request.user, conversation))
        except UserError:
            return redirect("chat")
    nodes = list(Node.objects.filter(revoked_at=None).order_by("slug"))
    access = rules.read()
    boot: dict[str, Any] = {
        "conversation": str(conversation) if conversation else "",
        "row": row,
        "title_chars": TITLE_CHARS,
        "note_chars": NOTE_CHARS,
        "link_days": [1, links.DEFAULT_DAYS, 30, links.MOST_DAYS],
        "nodes": [access.shown(request.user.pk, node) for node in presence.all_as_json(nodes)],
        "policies": policies.names(),
        "profile": model_choice.active(),
        "rebuild": catalogue.profile(model_choice.active()).card.get("rebuild", []),
        "max_upload_bytes": settings.PHOTO_MAX_BYTES,
        "max_photos": MOST_PHOTOS,
        "max_question_chars": settings.QUESTION_MAX_CHARS,
        "user": request.user.get_username(),
        "chosen": _chosen(request),
    }
    page = {
        "boot": boot,
        "conversation": boot["conversation"],
        "title": row["title"] if row else "",
        "accept": formats.accept(),
    }
    response = render(request, "chat.html", page)
    if near := sorted({origin for node in nodes if (origin := uploads.origin(node))}):
        # Devices that this page may upload photos to.
        response["Content-Security-Policy"] = f"{settings.CONTENT_SECURITY_POLICY}; connect-src 'self' {' '.join(near)}"
    return response


def _chosen(request: HttpRequest) -> list[dict[str, Any]]:
    """The photos that the address names (`?photos=ID,ID`), as somebody chose them in the library: their own, as far as they
    exist."""
    names = request.GET.get("photos", "").split(",")[:MOST_PHOTOS]
    pks = [UUID(name) for name in names if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name)]
    rows = Photo.visible.filter(owner=request.user.pk).in_bulk(pks)
    return [_stored(rows[pk]) for pk in dict.fromkeys(pks) if pk in rows]


def _stored(row: Photo) -> dict[str, Any]:
    """`stays`: the device that alone has it."""
    return {**question_photos.photo_json(row), **({"stays": row.home or "?"} if row.on_device_alone else {})}


def photo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A photo, for its owner only."""
    try:
        row = conversations.own_photo(request.user, pk)
    except UserError:
        return render(request, "404.html", status=404)
    return photo_files.response(request, row, kept_s=86400)


def models(request: HttpRequest) -> HttpResponse:
    """The models of this installation: what they need, what they cost, and the work on them; live through the socket."""
    name = model_choice.active()
    profile = catalogue.profile(name)
    boot = {
        "overview": overview.overview(request.user),
        "can_manage": getattr(request.user, "is_staff", False),
        "kinds": overview.kinds_for_pages(),
    }
    page = {"profile": describe(profile), "card": card_text(name), "boot": boot}
    return render(request, "models.html", page)
