"""How accounts begin: the owner's first visit, and an invitation."""

import hmac
import logging

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import UserCreationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.cache import never_cache

from webapp.accounts import audit, invitations
from webapp.accounts.guesses import Guesses, by_address, too_many
from webapp.accounts.models import SHELL, User
from webapp.accounts.roles import set_role
from webapp.errors import error_response
from webapp.languages import errors as translated
from webapp.live.errors import UserError

log = logging.getLogger(__name__)
SETUP_GUESSES = Guesses("setup", 10, 600)
BACKEND = "django.contrib.auth.backends.ModelBackend"  # of a person who has just chosen their password


class AccountForm(UserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("username", "email")

    def clean_username(self) -> str:
        username = str(super().clean_username())
        if username.lower() == SHELL:
            raise forms.ValidationError(gettext("This name belongs to the server's shell. Choose another one."))
        return username


class OwnerForm(AccountForm):
    token = forms.CharField(label=gettext_lazy("Setup token"), max_length=200)

    class Meta:
        model = User
        fields = ("username",)

    def clean_token(self) -> str:
        token = self.cleaned_data["token"].strip()
        if not hmac.compare_digest(token.encode(), settings.SETUP_TOKEN.encode()):
            raise forms.ValidationError(
                gettext(
                    "This is not the setup token. Copy it again from the terminal of `make run`, or, with containers, from "
                    "secrets/setup_token.txt."
                )
            )
        return token


@login_not_required
def setup(request: HttpRequest) -> HttpResponse:
    """Create the owner account. Possible only while there is none, and only with the token from the terminal."""
    if User.objects.humans().exists():
        return redirect("login")
    peer = by_address(request.META.get("REMOTE_ADDR", ""))
    if request.method == "POST" and SETUP_GUESSES.exhausted(peer):
        return error_response(
            request, too_many(gettext_noop("Too many wrong setup tokens from this address."), SETUP_GUESSES.seconds)
        )
    form = OwnerForm(request.POST or None, initial={"token": request.GET.get("token", "")})
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            owner = form.save(commit=False)
            set_role(owner, "owner")
            owner.save()
            audit.record(owner, "account created", f"user:{owner.get_username()}", "the first owner")
        login(request, owner, BACKEND)
        return redirect("chat")
    if "token" in form.errors:
        SETUP_GUESSES.wrong(peer)
        log.warning("wrong setup token from %s", request.META.get("REMOTE_ADDR", "-"))
    return render(request, "setup.html", {"form": form}, status=400 if form.errors else 200)


@login_not_required
@never_cache
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Create an account with a link from an owner."""
    try:
        row = invitations.find(secret)
        form = AccountForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            person = form.save(commit=False)
            invitations.accept(row, person)
            login(request, person, BACKEND)
            return redirect("chat")
    except UserError as error:
        return render(request, "error.html", {"error": translated.body(error)}, status=error.status)
    page = {"form": form, "invitation": row, "logged_in": request.user.is_authenticated}
    return render(request, "people/invitation.html", page, status=400 if form.errors else 200)
