"""Until somebody owns this installation, every page leads to the setup page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from webapp.accounts.models import User

OPEN = ("/setup/", "/static/", "/healthz", "/livez", "/api/")


class OwnerFirst:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.owned = False  # an owner never goes away again, so one positive answer is enough

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(OPEN) and not self._owned():
            return redirect(reverse("setup"))
        return self.get_response(request)

    def _owned(self) -> bool:
        self.owned = self.owned or User.objects.humans().exists()
        return self.owned
