"""A conversation as somebody else sees it through a link. Nothing on the page changes anything."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from webapp.chat import photo_files
from webapp.chat.sharing import links
from webapp.languages import errors as translated
from webapp.live.errors import UserError


@require_GET
@never_cache
def shared(request: HttpRequest, link: str) -> HttpResponse:
    try:
        share = links.opened(link)
    except UserError as error:
        return render(request, "link_invalid.html", {"error": translated.body(error)}, status=error.status)
    turns = links.shared_turns(share, lambda photo: reverse("shared_photo", args=[link, photo]))
    conversation = share.conversation
    boot: dict[str, Any] = {"turns": turns, "title": str(conversation)}
    page = {"boot": boot, "title": str(conversation), "owner": conversation.owner.get_username(), "expires": share.expires}
    response = render(request, "shared.html", page)
    response["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return response


@require_GET
def shared_photo(request: HttpRequest, link: str, photo: UUID) -> HttpResponse:
    try:
        row = links.shared_photo(link, photo)
    except UserError:
        return render(request, "404.html", status=404)
    return photo_files.response(request, row, kept_s=0)
