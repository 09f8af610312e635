"""Each exception that an operation may raise, in the one error shape."""

import logging

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from webapp import errors
from webapp.errors import json_error
from webapp.live.errors import UserError
from webapp.live.outages import DATABASE_ERRORS, outage

log = logging.getLogger(__name__)


def register(api: NinjaAPI) -> None:
    """Have `api` answer every failure in the one shape. What is not listed here is a fault: webapp.errors.server_error."""
    api.exception_handler(UserError)(user_error)
    api.exception_handler(AuthenticationError)(not_logged_in)
    api.exception_handler(ValidationError)(invalid)
    api.exception_handler(HttpError)(http_error)
    api.exception_handler(Http404)(missing)
    for excess in (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
        api.exception_handler(excess)(too_large)
    for fault in (*DATABASE_ERRORS, OSError):
        api.exception_handler(fault)(outage_or_fault)


def user_error(request: HttpRequest, error: UserError) -> HttpResponse:
    return json_error(error)


def not_logged_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return json_error(errors.NOT_LOGGED_IN)


def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    where = ".".join(str(part) for part in first["loc"][1:] if part != "body") or "the request"
    message = f"{where}: {str(first['msg']).rstrip('.')}."
    return json_error(UserError("invalid_request", message, "The fields and their types are at /api/docs.", 422))


def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return json_error(errors.NO_OPERATION)


def too_large(request: HttpRequest, error: Exception) -> HttpResponse:
    return json_error(errors.TOO_LARGE)


def outage_or_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    explained = outage(error)
    if explained is None:
        raise error
    log.error("%s %s: %s", request.method, request.path, error)
    return json_error(explained)


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself refuses: too many requests, a body that is not JSON, a missing CSRF token."""
    if isinstance(error.__cause__, UserError):  # raised while the body was parsed
        return json_error(error.__cause__)
    if error.status_code == 429:
        return json_error(errors.TOO_FAST)
    if error.status_code == 403:  # the only one: a session without the token that a page sends along
        return json_error(errors.NO_CSRF_TOKEN)
    message = f"{error.message.rstrip('.')}."
    return json_error(UserError("refused", message, "The operations are described at /api/docs.", error.status_code))
