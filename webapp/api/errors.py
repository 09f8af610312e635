"""Each exception that an operation may raise, in the one error shape."""

import logging

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from webapp import errors
from webapp.errors import json_error
from webapp.live.errors import UserError

log = logging.getLogger(__name__)


def register(api: NinjaAPI) -> None:
    """Have `api` answer every failure in the one shape. What is not listed here is a fault: webapp.errors.server_error."""
    api.exception_handler(UserError)(user_error)
    api.exception_handler(AuthenticationError)(not_logged_in)
    api.exception_handler(ValidationError)(invalid)
    api.exception_handler(HttpError)(http_error)
    api.exception_handler(Http404)(missing)
    api.exception_handler(RequestDataTooBig)(too_large)
    for unavailable in errors.DATABASE_ERRORS:
        api.exception_handler(unavailable)(database_unavailable)


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


def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return json_error(errors.TOO_LARGE)


def database_unavailable(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    log.error("%s %s: %s", request.method, request.path, error)
    return json_error(errors.DATABASE_UNAVAILABLE)


def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself refuses: too many requests, a body that is not JSON, a missing CSRF token."""
    if error.status_code == 429:
        return json_error(errors.TOO_FAST)
    if error.status_code == 403:  # the only one: a session without the token that a page sends along
        return json_error(errors.NO_CSRF_TOKEN)
    message = f"{error.message.rstrip('.')}."
    return json_error(UserError("refused", message, "The operations are described at /api/docs.", error.status_code))
