"""Logging in: the password, then a code from who has two-factor login on. Nobody is logged in in between."""

import time
from typing import Any, TypedDict

from django import forms
from django.contrib import messages
from django.contrib.auth import login, views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from webapp.accounts.logins import second_factor
from webapp.accounts.logins.records import CODE_STEP
from webapp.accounts.models import User
from webapp.languages import errors as translated
from webapp.live import groups
from webapp.live.errors import UserError
from webapp.live.publish import recheck

HALF = "half_login"
HALF_S, TRIES = 300, 4  # how long, and how many codes, after one right password


class Half(TypedDict):
    """What the session holds between the two steps."""

    person: int
    backend: str
    password: str  # Django's hash of the password hash: changing the password ends the attempt
    next: str
    at: float
    tries: int


class PasswordStep(views.LoginView):
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        person = form.get_user()
        if not second_factor.is_on(person):
            return super().form_valid(form)
        half: Half = {
            "person": person.pk,
            "backend": person.backend,
            "password": person.get_session_auth_hash(),
            "next": self.get_success_url(),
            "at": time.time(),
            "tries": 0,
        }
        self.request.session[HALF] = half
        return redirect("login_code")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        help_text=gettext_lazy("From your authenticator app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


@method_decorator([login_not_required, never_cache], "dispatch")
class CodeStep(FormView):  # type: ignore[type-arg]
    form_class = CodeForm
    template_name = "people/login_code.html"
    half: Half
    person: User

    def dispatch(self, request: HttpRequest, *args: Any, **named: Any) -> Any:
        half: Half | None = request.session.get(HALF)
        person = User.objects.filter(pk=half["person"], is_active=True).first() if half else None
        if half is None or person is None or not _is_fresh(half, person):
            request.session.pop(HALF, None)
            return redirect("login")
        self.half, self.person = half, person
        return super().dispatch(request, *args, **named)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        try:
            device = second_factor.verify(self.person, form.cleaned_data["code"])
        except UserError as error:
            return self._refused(form, error)
        del self.request.session[HALF]
        self.person.otp_device = device  # type: ignore[attr-defined]  # django-otp notes it in the session
        login(self.request, self.person, self.half["backend"])
        if device.name == second_factor.RECOVERY:
            left = second_factor.recovery_codes_left(self.person)
            used = gettext("You used a recovery code; %(left)s are left. Create new ones on your account page.")
            messages.warning(self.request, used % {"left": left})
        return redirect(self.half["next"])

    def _refused(self, form: CodeForm, error: UserError) -> HttpResponse:
        """Counted like a wrong password, in the audit trail and by whatever else listens."""
        if error.code == second_factor.WRONG.code:
            credentials = {"username": self.person.get_username()}
            user_login_failed.send(sender=CODE_STEP, credentials=credentials, request=self.request)
            self.half["tries"] += 1
            self.request.session[HALF] = self.half
        if self.half["tries"] >= TRIES:
            del self.request.session[HALF]
            messages.error(self.request, gettext("Too many wrong codes. Log in again."))
            return redirect("login")
        form.add_error("code", translated.sentences(error))
        return self.form_invalid(form)


class Logout(views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **named: Any) -> Any:
        person = request.user.pk
        response = super().post(request, *args, **named)
        if person:
            recheck(groups.person(person))  # sockets of this session in other tabs
        return response


def _is_fresh(half: Half, person: User) -> bool:
    same = constant_time_compare(half["password"], person.get_session_auth_hash())
    return same and time.time() - half["at"] < HALF_S
