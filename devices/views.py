"""The devices pages and the actions on them."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from devices import agent_wheel
from devices.agent_updates import rollouts
from devices.camera_access import rules
from devices.fleet import bulk, pages, tags, wishes
from devices.models import Node
from devices.registry import codes, enrolment, installer, rotation
from devices.telemetry import history, links, presence
from webapp import qr
from webapp.accounts import audit
from webapp.languages import errors as translated
from webapp.live.errors import UserError
from webapp.live.storable import storable

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HISTORY_MINUTES, HISTORY_AT_MOST = 24 * 60, 2000


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The nodes that the address asks for, one page of them; as JSON where a script of the page asks."""
    listing = pages.listing(request.GET, request.user.pk)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(listing, headers={"Vary": "Accept", "Cache-Control": "no-store"})
    boot = {
        **listing,
        "can_manage": bool(request.user.is_staff),  # type: ignore[union-attr]
        "actions": pages.actions(),
        "most_at_once": bulk.MOST,
    }
    answer = render(request, "devices.html", {"boot": boot})
    patch_vary_headers(answer, ["Accept"])
    return answer


@require_GET
def node(request: HttpRequest, slug: str) -> HttpResponse:
    """One node with its history."""
    row = get_object_or_404(Node, slug=slug)
    staff = bool(request.user.is_staff)  # type: ignore[union-attr]
    boot = {
        "node": rules.read().shown(request.user.pk, presence.as_json(row)),
        "camera_access": rules.of(row) if staff else None,
        "people": _members() if staff else None,
        "can_manage": staff,
        "audit": _trail(slug) if staff else None,
    }
    return render(request, "devices/node.html", {"boot": boot, "node": row})


@require_GET
def readings(request: HttpRequest, slug: str) -> HttpResponse:
    """The readings of its sensors over the last hour, day, week, quarter or year."""
    get_object_or_404(Node, slug=slug)
    hours = request.GET.get("hours", "1")
    if hours not in {str(span) for span in history.SPANS}:
        return _refused(history.BAD_HOURS)
    return JsonResponse(history.history(slug, int(hours)))


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Create an enrolment code; this response is the only time it is shown."""
    try:
        _only_staff(request)
        fields = _fields(request)
        name, tier = str(fields.get("name") or "").strip().lower(), str(fields.get("tier") or "device")
        code = enrolment.create_code(name=name, tier=tier, replace=fields.get("replace") is True)
    except UserError as error:
        return _refused(error)
    server = _server(request)
    script = server + reverse("devices:install")
    command = f"curl -fsSL {script} | sudo sh -s -- --server {server} --code {code}"
    body = {"code": code, "expires_s": codes.CODE_S, "command": command, "server": server, "qr": qr.squares(command)}
    return JsonResponse(body, status=201)


@require_POST
def approve(request: HttpRequest, slug: str) -> HttpResponse:
    return _managed(request, lambda: enrolment.approve(slug))


@require_POST
def revoke(request: HttpRequest, slug: str) -> HttpResponse:
    return _managed(request, lambda: enrolment.revoke(slug))


@require_POST
def rotate(request: HttpRequest, slug: str) -> HttpResponse:
    return _managed(request, lambda: rotation.rotate(slug))


@require_POST
def restart(request: HttpRequest, slug: str) -> HttpResponse:
    return _managed(request, lambda: wishes.restart(slug))


@require_POST
def update(request: HttpRequest, slug: str) -> HttpResponse:
    return _managed(request, lambda: rollouts.begin(slug))


@require_POST
def set_tags(request: HttpRequest, slug: str) -> HttpResponse:
    """All tags of a node, as words with spaces between them."""
    return _managed(request, lambda: tags.replace(slug, str(_fields(request).get("tags") or "").split()))


@require_POST
def rename(request: HttpRequest, slug: str) -> HttpResponse:
    return _managed(request, lambda: rotation.rename(slug, str(_fields(request).get("title") or "")))


@require_POST
def accept(request: HttpRequest, slug: str) -> HttpResponse:
    """Accept the node's present hardware."""
    return _managed(request, lambda: rotation.accept_hardware(slug))


@require_GET
def link_history(request: HttpRequest, slug: str) -> HttpResponse:
    """Link samples of the last minutes, oldest first."""
    node = get_object_or_404(Node, slug=slug)
    try:
        minutes = int(request.GET.get("minutes", "10"))
    except ValueError:
        return _refused(
            UserError("bad_minutes", "minutes must be a whole number.", "Leave it out for the last ten minutes.", 422)
        )
    seconds = 60 * min(max(minutes, 1), HISTORY_MINUTES)
    return JsonResponse({"node": node.slug, "samples": links.since(slug, seconds, HISTORY_AT_MOST)})


@login_not_required
@require_GET
def install(request: HttpRequest) -> HttpResponse:
    """The installer. Public: a board has no account, and the script holds no secret."""
    return HttpResponse(installer.script(), content_type="text/x-shellscript; charset=utf-8")


@login_not_required
@require_GET
def agent(request: HttpRequest) -> HttpResponse:
    """To the wheel under its own name, which holds its version: pip installs no wheel under another."""
    return redirect("devices:wheel", name=agent_wheel.wheel().name)


@login_not_required
@require_GET
def wheel(request: HttpRequest, name: str) -> FileResponse:
    """The agent's wheel, public like the installer that fetches it."""
    file = agent_wheel.wheel()
    if name != file.name:
        raise Http404
    return FileResponse(file.open("rb"), content_type="application/octet-stream", filename=file.name)


def _trail(slug: str) -> list[audit.Row]:
    """What was done to a node; a name that is no account's, and the action, in the language of the page."""
    return [{**row, "by": audit.name(row["by"]), "action": gettext(row["action"])} for row in audit.of(f"node:{slug}")]


def _members() -> list[str]:
    """Whom an admin may allow a camera: everybody with an account who is no admin."""
    people = get_user_model().objects.humans().filter(is_active=True, is_staff=False)
    return list(people.order_by("username").values_list("username", flat=True))


def _managed(request: HttpRequest, change: Any) -> HttpResponse:
    try:
        _only_staff(request)
        node: Node = change()
    except UserError as error:
        return _refused(error)
    if "application/json" in request.headers.get("Accept", "") or "application/json" in (request.content_type or ""):
        return JsonResponse({"node": presence.as_json(node)})
    return redirect("devices:page")


def _only_staff(request: HttpRequest) -> None:
    if not request.user.is_staff:  # type: ignore[union-attr]
        raise UserError("not_staff", "Only admins can manage nodes.", "Ask an admin.", 403)


def _fields(request: HttpRequest) -> dict[str, Any]:
    """The fields of a form or of a JSON object."""
    fields: Any = request.POST
    if request.content_type == "application/json":
        try:
            fields = json.loads(request.body)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            raise UserError("bad_json", "The request body is not a JSON object.", "Send an object, as the page does.", 422)
    return storable(dict(fields.items()))


def _server(request: HttpRequest) -> str:
    """The address at which boards reach this server: as configured, or as the admin does if that is a loopback address."""
    configured = settings.PUBLIC_URL.rstrip("/")
    if urlsplit(configured).hostname in LOOPBACK:
        return request.build_absolute_uri("/").rstrip("/")
    return configured


def _refused(error: UserError) -> JsonResponse:
    return JsonResponse({"error": translated.body(error)}, status=error.status)
