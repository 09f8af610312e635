"""Django's own admin pages, as a last resort for owners. What people need daily has pages of its own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

View = Callable[..., HttpResponse]


class OwnersAdminSite(AdminSite):
    site_header = site_title = "Isthmus"

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """403 for somebody who is logged in but no owner; Django would send them to the login, which sends them back."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def checked(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            self._refuse_others(request)
            return inner(request, *args, **named)

        return checked

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one login page."""
        self._refuse_others(request)
        return redirect("admin:index" if request.user.is_authenticated else "login")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("change_password")

    def _refuse_others(self, request: HttpRequest) -> None:
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied("Only owners can open the admin pages.")
