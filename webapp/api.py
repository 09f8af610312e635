"""The HTTP API: who may call it, how errors look, which routers it has. Documentation for people at /api/docs."""

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from ninja.security import django_auth as session
from ninja.throttling import AuthRateThrottle

from webapp.accounts.models import ApiToken, User
from webapp.live.errors import ErrorBody, UserError, not_found

log = logging.getLogger(__name__)


class PersonalToken(HttpBearer):
    """`Authorization: Bearer isthmus_…`; makes `request.user` its owner."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        holder = ApiToken.holder(token)
        if holder is not None:
            request.user = holder
        return holder


api = NinjaAPI(
    title="Isthmus",
    version="1",
    description="Ask about photos and read how each answer was computed. Make a personal token on your account page.",
    auth=[PersonalToken(), session],
    throttle=[AuthRateThrottle("60/s")],  # a page with many turns and devices asks for all of them at once
)


def refuse(request: HttpRequest, body: ErrorBody, status: int) -> HttpResponse:
    return api.create_response(request, {"error": body}, status=status)


@api.exception_handler(UserError)
def user_error(request: HttpRequest, error: UserError) -> HttpResponse:
    return refuse(request, error.body(), error.status)


@api.exception_handler(AuthenticationError)
def not_logged_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    body: ErrorBody = {
        "code": "not_logged_in",
        "message": "You are not logged in, or this token was revoked.",
        "next": "Log in again, or make a new token on your account page.",
    }
    return refuse(request, body, 401)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first: dict[str, Any] = error.errors[0]
    where = ".".join(str(part) for part in first["loc"][1:] if part != "body") or "the request"
    body: ErrorBody = {
        "code": "invalid_request",
        "message": f"{where}: {first['msg']}.",
        "next": "The fields and their types are at /api/docs.",
    }
    return refuse(request, body, 422)


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return refuse(request, not_found("page").body(), 404)


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    code, next_step = ("too_fast", "Wait a second.") if error.status_code == 429 else ("refused", "See /api/docs.")
    return refuse(request, {"code": code, "message": f"{error.message.rstrip('.')}.", "next": next_step}, error.status_code)


api.add_router("", "webapp.chat.api.router")
api.add_router("/nodes", "devices.api.router")
api.add_router("/devices", "webapp.chat.decisions.router")
api.add_router("/devices", "webapp.chat.device_photos.router")
api.add_router("/federation", "federation.api.router")
