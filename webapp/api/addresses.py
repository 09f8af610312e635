"""Addresses below /api/: the current version, its documentation, and what the version before used.

Until now operations lay directly below /api/. Scripts are redirected (308 keeps method and body). Agents are served in
place, because urllib follows no 308 before Python 3.11; and the three lists keep the shape they had, plain arrays.
"""

import json

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import URLPattern, URLResolver, include, path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from webapp.api import PREFIX, api
from webapp.errors import NO_OPERATION, json_error
from webapp.live.http import MAX_LIMIT

LISTS = ("conversations", "federation/runs", "nodes")


def documentation(request: HttpRequest) -> HttpResponse:
    """Every operation, to read and to try out; its scripts come from this server."""
    return api.docs.render_page(request, api)


@csrf_exempt
@login_not_required
def plain_list(request: HttpRequest, name: str) -> HttpResponse:
    """A list as the version before gave it: an array, not a page of one."""
    if request.method != "GET":
        return _permanent(request, name)
    request.GET = request.GET.copy()
    request.GET.setdefault("limit", str(MAX_LIMIT))
    match = resolve(PREFIX + name)
    answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
    if answer.status_code != 200:
        return answer
    return JsonResponse(json.loads(answer.content)["items"], safe=False)


@csrf_exempt
@login_not_required
def earlier_address(request: HttpRequest, rest: str) -> HttpResponse:
    """Redirect to where the operation is now; 404 where there is none."""
    name = rest.removeprefix("v1/").rstrip("/")
    moved = name and rest != f"v1/{name}" and resolve(PREFIX + name).func is not earlier_address
    return _permanent(request, name) if moved else json_error(NO_OPERATION)


def _permanent(request: HttpRequest, name: str) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{PREFIX}{name}{'?' if query else ''}{query}", preserve_request=True)


def urlpatterns() -> list[URLPattern | URLResolver]:
    """For `include` at api/. Each operation asks for its own login and answers 401 where a page would redirect."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        login_not_required(pattern.callback)
    agents = [pattern for pattern in patterns if str(pattern.pattern).startswith(("nodes/me", "nodes/join"))]
    return [
        path("docs", documentation, name="api_docs"),
        path("v1/docs", RedirectView.as_view(pattern_name="api_docs")),
        path("v1/", include((patterns, app_name), namespace=namespace)),
        *(path(name, plain_list, {"name": name}) for name in LISTS),
        path("", include(agents)),
        re_path(r"^(?P<rest>.*)$", earlier_address),
    ]
