"""What every request passes through: the setup page until there is an owner, the name that audit rows get, the language."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from webapp import errors
from webapp.accounts import audit
from webapp.accounts.logins import second_factor, sessions
from webapp.accounts.models import User
from webapp.live.errors import UserError

OPEN = ("/languages/", "/setup/", "/static/", "/healthz", "/livez", "/metrics", "/service-worker.js", "/offline/", "/api/")
PROBES = ("/healthz", "/livez", "/metrics")  # answered without the database
# What somebody without the second factor that is required of them may still open.
WITHOUT_CODE = ("/account/two-factor/", "/account/password/", "/login/", "/logout/", "/password/", "/invitation/", *OPEN[:-1])
NO_SECOND_FACTOR = UserError(
    "second_factor_required", "Two-factor login is required here.", "Set it up at /account/two-factor/.", 403
)


class OwnerFirst:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.owned = False  # an owner is never removed, so one positive answer is enough

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(OPEN) and not self._owned():
            return redirect(reverse("setup"))
        return self.get_response(request)

    def _owned(self) -> bool:
        self.owned = self.owned or User.objects.humans().exists()
        return self.owned


class AuditCaller:
    """Attribute what a request changes to whoever sent it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit.answering(request):
            return self.get_response(request)


class SessionUse:
    """Write down where and when a session was last used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sessions.note_use(request)
        return response


class AccountLanguage:
    """The language that a person has chosen for their account comes before that of the browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = "" if request.path.startswith(PROBES) else getattr(request.user, "language", "")
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
        return self.get_response(request)


class SecondFactorFirst:
    """Send who must set up two-factor login there, from every page. Personal tokens of scripts are not affected."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(WITHOUT_CODE) or not self._is_lacking(request):
            return self.get_response(request)
        return errors.json_error(NO_SECOND_FACTOR) if errors.wants_json(request) else redirect("two_factor")

    def _is_lacking(self, request: HttpRequest) -> bool:
        user = request.user
        return isinstance(user, User) and second_factor.is_lacking(user, second_factor.is_verified(request.session))
