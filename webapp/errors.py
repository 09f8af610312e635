"""Every failure as one sentence and the next step: JSON for scripts, a page for people, the same words in both.

Django calls `bad_request`, `forbidden`, `not_found_page` and `server_error` for what no view handled (webapp.urls names them).
"""

import sys
from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from webapp.languages import errors as translated
from webapp.live.errors import UserError
from webapp.live.outages import outage

Answer = TypeVar("Answer", bound=HttpResponse)
RETRY_AFTER_S = 5

NOT_LOGGED_IN = UserError(
    "not_logged_in",
    "You are not logged in, or this token was revoked.",
    "Log in again, or create a new token on your account page.",
    401,
)
NO_PAGE = UserError(
    "not_found",
    "This page does not exist, or it belongs to another user.",
    "Check the address, or start again from the home page.",
    404,
)
NOT_ALLOWED = UserError(
    "forbidden", "You are not allowed to do this.", "Ask an owner of this installation if you need it.", 403
)
NO_OPERATION = UserError("not_found", "There is no such address in the API.", "All of them are listed at /api/docs.", 404)
NO_CSRF_TOKEN = UserError(
    "csrf", "The request lacks the page's CSRF token.", "Reload the page; a script sends a personal token instead.", 403
)
FORM_EXPIRED = UserError("csrf", "This form has expired.", "Go back, reload the page and try again.", 403)
TOO_LARGE = UserError("too_large", "The request body is larger than the server accepts.", "Send less at once.", 413)
TOO_FAST = UserError("too_fast", "Too many requests came at once.", "Wait a second, then try again.", 429)
BAD_REQUEST = UserError("bad_request", "The server does not understand this request.", "Reload the page and try again.", 400)
INTERNAL = UserError("internal", "Something went wrong on the server.", "Try again; the server log has the reason.", 500)


def method_not_allowed(method: str | None, allowed: str) -> UserError:
    return UserError(
        "method_not_allowed",
        "%(method)s is not possible at this address.",
        "Use %(allowed)s.",
        405,
        {"method": method, "allowed": allowed},
    )


def json_error(error: UserError) -> JsonResponse:
    return _with_headers(JsonResponse({"error": translated.body(error)}, status=error.status), error)


def error_response(request: HttpRequest, error: UserError) -> HttpResponse:
    """JSON below /api/ and for callers that speak JSON; else a page."""
    if wants_json(request):
        return json_error(error)
    if error.status in (403, 404):
        return render(request, f"{error.status}.html", {"error": translated.body(error)}, status=error.status)
    # Without the request: a page that names who is logged in would ask the database, which may be what failed.
    page = render_to_string("error.html", {"error": translated.body(error)})
    return _with_headers(HttpResponse(page, status=error.status), error)


def wants_json(request: HttpRequest) -> bool:
    accepts = request.headers.get("Accept", "")
    spoken = "application/json" in accepts or request.content_type == "application/json"
    return request.path.startswith("/api/") or (spoken and "text/html" not in accepts)


def _with_headers(response: Answer, error: UserError) -> Answer:
    if error.status == 503:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    too_large = isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent))
    return error_response(request, TOO_LARGE if too_large else BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Somebody who is logged in, at an address that is not for them."""
    reason = str(exception)
    return error_response(request, UserError("forbidden", reason, NOT_ALLOWED.next, 403) if reason else NOT_ALLOWED)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_response(request, NO_CSRF_TOKEN if wants_json(request) else FORM_EXPIRED)


def not_found_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, NO_OPERATION if request.path.startswith("/api/") else NO_PAGE)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the exception is being handled, so it can be looked at."""
    return error_response(request, outage(sys.exc_info()[1]) or INTERNAL)


class ErrorResponses:
    """Middleware: refusals that Django answers with an empty or plain text body get the sentence as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        allowed = response["Allow"]
        answer = error_response(request, method_not_allowed(request.method, allowed))
        answer["Allow"] = allowed
        return answer
