"""The page of the library. Its first photos come with it, further ones through the API."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from devices.models import Node
from inference.engine.photos import formats
from inference.photos import albums, library, trash
from inference.photos.earlier import MOST_PHOTOS
from inference.photos.library import Filters
from inference.search import search
from inference.search.words import MOST_CHARS
from webapp.chat.models import Conversation
from webapp.library import photo_facts
from webapp.library.schemas import MOST_AT_ONCE, PAGE
from webapp.live.moments import iso


def page(request: HttpRequest) -> HttpResponse:
    person = int(request.user.pk or 0)
    photos, following = library.read_page(library.rows(person, Filters()), None, PAGE)
    deleted = trash.hidden(person)
    boot: dict[str, Any] = {
        "items": [photo_facts.row(photo) for photo in photos],
        "next": str(following) if following else None,
        "albums": [{**vars(album), "id": str(album.id)} for album in albums.summaries(person)],
        "devices": list(Node.objects.filter(tier="device", revoked_at=None).order_by("slug").values_list("slug", flat=True)),
        "deleted": {"photos": [str(pk) for pk in deleted.photos], "until": iso(deleted.until)} if deleted else None,
        "max_upload_bytes": settings.PHOTO_MAX_BYTES,
        "suffixes": sorted(formats.suffixes()),
        "most_at_once": MOST_AT_ONCE,
        "ask_at_once": MOST_PHOTOS,
        "most_photos": settings.BATCH_PHOTOS,
        "conversation": _conversation(request),
        "search": search.is_available(),
    }
    return render(request, "library.html", {"boot": boot, "accept": formats.accept(), "most_chars": MOST_CHARS})


def _conversation(request: HttpRequest) -> dict[str, str] | None:
    """The person's conversation whose photos the address asks for."""
    try:
        pk = UUID(request.GET.get("conversation", ""))
    except ValueError:
        return None
    row = Conversation.objects.filter(pk=pk, owner=request.user.pk).first()
    return {"id": str(row.pk), "title": str(row)} if row else None
