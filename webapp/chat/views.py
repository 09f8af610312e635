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
from inference.answering import turns
from inference.engine import catalogue
from inference.engine.description import card_text, describe
from inference.engine.photos import formats
from inference.model_jobs import overview
from inference.models import Photo
from inference.placement import policies
from webapp.chat import conversations
from webapp.live.errors import UserError

CHOSEN = 12  # photos that one question may be asked about


def chat(request: HttpRequest, conversation: UUID | None = None) -> HttpResponse:
    """The chat page. Its turns arrive over the websocket."""
    if conversation is not None:
        try:
            conversations.own(request.user, conversation)
        except UserError:
            return redirect("chat")
    nodes = list(Node.objects.filter(revoked_at=None).order_by("slug"))
    access = rules.read()
    boot: dict[str, Any] = {
        "conversation": str(conversation) if conversation else "",
        "nodes": [access.shown(request.user.pk, presence.as_json(node)) for node in nodes],
        "policies": policies.names(),
        "profile": model_choice.active(),
        "rebuild": catalogue.profile(model_choice.active()).card.get("rebuild", []),
        "max_upload_bytes": settings.PHOTO_MAX_BYTES,
        "max_question_chars": settings.QUESTION_MAX_CHARS,
        "user": request.user.get_username(),
        "chosen": _chosen(request),
    }
    page = {"boot": boot, "conversation": boot["conversation"], "accept": formats.accept()}
    response = render(request, "chat.html", page)
    if near := sorted({origin for node in nodes if (origin := uploads.origin(node))}):
        # Devices that this page may upload photos to.
        response["Content-Security-Policy"] = f"{settings.CONTENT_SECURITY_POLICY}; connect-src 'self' {' '.join(near)}"
    return response


def _chosen(request: HttpRequest) -> list[dict[str, Any]]:
    """The photos that the address names (`?photos=ID,ID`), as somebody chose them in the library: their own, as far as they
    exist."""
    names = request.GET.get("photos", "").split(",")[:CHOSEN]
    pks = [UUID(name) for name in names if re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name)]
    rows = Photo.visible.filter(owner=request.user.pk).in_bulk(pks)
    return [_stored(rows[pk]) for pk in dict.fromkeys(pks) if pk in rows]


def _stored(row: Photo) -> dict[str, Any]:
    """`stays`: the device that alone has it."""
    return {**turns.photo_json(row), **({"stays": next(iter(row.placed), "?")} if row.on_device_alone else {})}


def photo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A photo, for its owner only. The headers keep a browser from guessing its type and from running anything in it."""
    try:
        photo = conversations.own_photo(request.user, pk)
        if photo.on_device_alone:
            return _placeholder(request, next(iter(photo.placed), "A device"))
        data = (photo.small_path if request.GET.get("small") else photo.path).read_bytes()
    except (UserError, FileNotFoundError):
        return render(request, "404.html", status=404)
    # Not streamed: it is below a megabyte, and under ASGI Django would read a stream into memory and warn.
    response = HttpResponse(data, content_type="image/jpeg")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = f'inline; filename="{photo.pk}.jpg"'
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _placeholder(request: HttpRequest, device: str) -> HttpResponse:
    """Shown for a photo that the server does not have."""
    response = render(request, "photo_elsewhere.svg", {"device": device}, content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


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
