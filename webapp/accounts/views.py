"""Setup, and a person's own page."""

import hmac
import logging

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from webapp.accounts import audit
from webapp.accounts.guesses import Guesses, by_address, too_many
from webapp.accounts.models import ApiToken, User
from webapp.errors import error_response

log = logging.getLogger(__name__)
SETUP_GUESSES = Guesses("setup", 10, 600)


class OwnerForm(BaseUserCreationForm):  # type: ignore[type-arg]
    token = forms.CharField(label="Setup token", max_length=200)

    class Meta:
        model = User
        fields = ("username",)

    def clean_token(self) -> str:
        token = self.cleaned_data["token"].strip()
        if not hmac.compare_digest(token.encode(), settings.SETUP_TOKEN.encode()):
            raise forms.ValidationError(
                "This is not the setup token. Copy it again from the terminal of `make run`, or, with containers, from "
                "secrets/setup_token.txt."
            )
        return token


@login_not_required
def setup(request: HttpRequest) -> HttpResponse:
    """Create the owner account. Possible only while there is none, and only with the token from the terminal."""
    if User.objects.humans().exists():
        return redirect("login")
    peer = by_address(request.META.get("REMOTE_ADDR", ""))
    if request.method == "POST" and SETUP_GUESSES.exhausted(peer):
        return error_response(request, too_many("setup tokens", SETUP_GUESSES.seconds))
    form = OwnerForm(request.POST or None, initial={"token": request.GET.get("token", "")})
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            owner = form.save(commit=False)
            owner.is_staff = owner.is_superuser = True
            owner.save()
            audit.record(owner, "account created", f"user:{owner.get_username()}", "the first owner")
        login(request, owner, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("chat")
    if "token" in form.errors:
        SETUP_GUESSES.wrong(peer)
        log.warning("wrong setup token from %s", request.META.get("REMOTE_ADDR", "-"))
    return render(request, "setup.html", {"form": form}, status=400 if form.errors else 200)


def account(request: HttpRequest) -> HttpResponse:
    """A person's tokens; a new one is shown once, in the response to the POST that created it."""
    new_token = None
    if request.method == "POST":
        name = request.POST.get("name", "").strip()[:60]
        if name:
            _, new_token = ApiToken.issue(request.user, name)  # type: ignore[arg-type]
            audit.record(None, "token created", f"token:{request.user.get_username()}/{name}")
        else:
            messages.error(request, "Give the token a name, so that you know later which script uses it.")
    tokens = ApiToken.objects.filter(owner=request.user).order_by("-created")
    return render(request, "account.html", {"tokens": tokens, "new_token": new_token})


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, owner=request.user)
    token.delete()
    audit.record(None, "token revoked", f"token:{request.user.get_username()}/{token.name}")
    messages.success(request, "The token was revoked. Scripts that use it no longer have access.")
    return redirect("account")
