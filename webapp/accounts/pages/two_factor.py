"""Setting up two-factor login, new recovery codes, turning it off."""

import base64

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp import login as note_device
from django_otp.plugins.otp_totp.models import TOTPDevice

from webapp import qr
from webapp.accounts import audit
from webapp.accounts.logins import second_factor, sessions
from webapp.accounts.pages.account import person
from webapp.accounts.pages.login import CodeForm
from webapp.accounts.pages.own_password import PasswordForm
from webapp.languages import errors as translated
from webapp.live.errors import UserError


@never_cache
def two_factor(request: HttpRequest) -> HttpResponse:
    """The page: set it up, or see that it is on."""
    me = person(request)
    if second_factor.is_on(me):
        return _on(request, PasswordForm(me))
    device = second_factor.begin(me)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.confirm(me, form.cleaned_data["code"])
        except UserError as error:
            form.add_error("code", translated.sentences(error))
        else:
            return _turned_on(request, codes)
    form.fields["code"].help_text = gettext("The six digits that the app shows now.")
    page = {
        "form": form,
        "qr": qr.squares(device.config_url),
        "key": " ".join(_groups(base64.b32encode(device.bin_key).decode().rstrip("="))),
        "required": second_factor.is_required(me),
    }
    return render(request, "people/two_factor_setup.html", page, status=400 if form.errors else 200)


@require_POST
@never_cache
def new_codes(request: HttpRequest) -> HttpResponse:
    me = person(request)
    form = PasswordForm(me, request.POST)
    if not second_factor.is_on(me) or not form.is_valid():
        return _on(request, form, 400) if second_factor.is_on(me) else redirect("two_factor")
    audit.record(None, "recovery codes created", f"user:{me.get_username()}")
    return render(request, "people/recovery_codes.html", {"codes": second_factor.new_recovery_codes(me)})


@require_POST
def turn_off(request: HttpRequest) -> HttpResponse:
    me = person(request)
    form = PasswordForm(me, request.POST)
    if not form.is_valid():
        return _on(request, form, 400)
    if second_factor.remove(me):
        request.session.pop(DEVICE_ID_SESSION_KEY, None)
        audit.record(None, "second factor removed", f"user:{me.get_username()}")
        messages.success(request, gettext("Two-factor login is off."))
    return redirect("account")


def _turned_on(request: HttpRequest, codes: list[str]) -> HttpResponse:
    me = person(request)
    note_device(request, TOTPDevice.objects.get(user=me, confirmed=True))
    sessions.end_all(me, but=request.session.session_key)
    audit.record(None, "second factor set up", f"user:{me.get_username()}")
    return render(request, "people/recovery_codes.html", {"codes": codes, "new": True})


def _on(request: HttpRequest, form: PasswordForm, status: int = 200) -> HttpResponse:
    me = person(request)
    page = {
        "form": form,
        "left": second_factor.recovery_codes_left(me),
        "required": second_factor.is_required(me),
    }
    return render(request, "people/two_factor.html", page, status=status)


def _groups(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]
