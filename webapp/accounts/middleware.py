"""What every request passes through: the setup page until there is an owner, and the name that audit rows get."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from webapp.accounts import audit
from webapp.accounts.models import User

OPEN = ("/setup/", "/static/", "/healthz", "/livez", "/api/")


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
