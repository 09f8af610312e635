"""The pages: chat, the photo itself, the model card."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from devices import uploads
from devices.models import Node
from devices.telemetry import presence
from inference.engine import catalogue
from inference.placement import policies
from webapp.chat import conversations
from webapp.live.errors import UserError


def chat(request: HttpRequest, conversation: UUID | None = None) -> HttpResponse:
    """The chat page. Its turns come by socket, so this page says the same whether it is new or refreshed."""
    if conversation is not None:
        try:
            conversations.own(request.user, conversation)
        except UserError:
            return redirect("chat")
    nodes = list(Node.objects.filter(revoked_at=None).order_by("slug"))
    boot: dict[str, Any] = {
        "conversation": str(conversation) if conversation else "",
        "nodes": [presence.as_json(node) for node in nodes],
        "policies": policies.names(),
        "profile": settings.PROFILE,
        "rebuild": catalogue.profile(settings.PROFILE).card.get("rebuild", []),
        "max_upload_bytes": settings.PHOTO_MAX_BYTES,
        "max_question_chars": settings.QUESTION_MAX_CHARS,
        "user": request.user.get_username(),
    }
    response = render(request, "chat.html", {"boot": boot, "conversation": boot["conversation"]})
    if near := sorted({origin for node in nodes if (origin := uploads.origin(node))}):
        # Where this page may hand photos over, besides its own server.
        response["Content-Security-Policy"] = f"{settings.CONTENT_SECURITY_POLICY}; connect-src 'self' {' '.join(near)}"
    return response


def photo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The owner's photo and nobody else's; the browser may neither guess its type nor run anything in it."""
    try:
        found = conversations.own_photo(request.user, pk)
        if found.on_device_alone:
            return _elsewhere(request, next(iter(found.placed), "A device"))
        data = (found.small_path if request.GET.get("small") else found.path).read_bytes()
    except (UserError, FileNotFoundError):
        return render(request, "404.html", status=404)
    # Whole, not streamed: it is below a megabyte, and ASGI would read a file's stream into memory with a warning.
    response = HttpResponse(data, content_type="image/jpeg")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = f'inline; filename="{found.pk}.jpg"'
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


def _elsewhere(request: HttpRequest, device: str) -> HttpResponse:
    """In the place of a photo that the server does not have."""
    response = render(request, "photo_elsewhere.svg", {"device": device}, content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def models(request: HttpRequest) -> HttpResponse:
    """What the models of this installation can and cannot do, as measured."""
    profile = catalogue.profile(settings.PROFILE)
    return render(request, "models.html", {"profile": profile.describe(), "card": catalogue.card_text(settings.PROFILE)})
