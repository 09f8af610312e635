"""A person's own page: password, two-factor login, sessions and personal tokens."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from webapp.accounts import audit, usage
from webapp.accounts.logins import second_factor, sessions
from webapp.accounts.models import ApiToken, User
from webapp.accounts.pages.own_password import EmailForm
from webapp.accounts.roles import role_of


class LanguageForm(forms.Form):
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=lambda: [("", gettext_lazy("as the browser asks for")), *settings.LANGUAGES],
    )


def person(request: HttpRequest) -> User:
    """Whoever is logged in, as our own type."""
    assert isinstance(request.user, User)
    return request.user


@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """The page; a POST creates a personal token, which is shown once, in its response."""
    return _create_token(request) if request.method == "POST" else _page(request, {})


@require_POST
def change_email(request: HttpRequest) -> HttpResponse:
    form = EmailForm(person(request), request.POST)
    if not form.is_valid():
        return _page(request, {"email_form": form}, 400)
    User.objects.filter(pk=person(request).pk).update(email=form.cleaned_data["email"])
    audit.record(None, "e-mail address changed", f"user:{person(request).get_username()}")
    messages.success(request, gettext("The e-mail address was saved."))
    return redirect("account")


@require_POST
def change_language(request: HttpRequest) -> HttpResponse:
    """The cookie is what a visitor has chosen in this browser; it follows, so that the login page speaks the language too."""
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return _page(request, {"language_form": form}, 400)
    language = form.cleaned_data["language"]
    User.objects.filter(pk=person(request).pk).update(language=language)
    response = redirect("account")
    if language:
        translation.activate(language)
        age, same = settings.LANGUAGE_COOKIE_AGE, settings.LANGUAGE_COOKIE_SAMESITE
        secure = settings.LANGUAGE_COOKIE_SECURE
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=age, secure=secure, samesite=same)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    messages.success(request, gettext("The language was saved."))
    return response


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, owner=person(request))
    token.delete()
    audit.record(None, "token revoked", f"token:{person(request).get_username()}/{token.name}")
    messages.success(request, gettext("The token was revoked. Scripts that use it no longer have access."))
    return redirect("account")


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    if sessions.end(person(request), pk):
        audit.record(None, "session ended", f"user:{person(request).get_username()}")
        messages.success(request, gettext("That session was ended."))
    else:
        messages.error(request, gettext("That session had already ended."))
    return redirect("account")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    number = sessions.end_all(person(request), but=request.session.session_key)
    audit.record(None, "other sessions ended", f"user:{person(request).get_username()}", str(number))
    messages.success(request, gettext("You are logged out everywhere else."))
    return redirect("account")


def _create_token(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "").strip()[:60]
    if not name:
        messages.error(request, gettext("Give the token a name, so that you know later which script uses it."))
        return _page(request, {}, 422)
    if second_factor.is_on(person(request)) and not second_factor.is_verified(request.session):
        messages.error(request, gettext("Log in again with a code first: a token works without one."))
        return _page(request, {}, 403)
    if ApiToken.objects.filter(owner=person(request)).count() >= ApiToken.MOST:
        full = gettext("You have %(count)s tokens, which is the limit. Revoke one that no script uses.") % {
            "count": ApiToken.MOST
        }
        messages.error(request, full)
        return _page(request, {}, 409)
    _, new_token = ApiToken.issue(person(request), name)
    audit.record(None, "token created", f"token:{person(request).get_username()}/{name}")
    return _page(request, {"new_token": new_token})


def _page(request: HttpRequest, more: dict[str, Any], status: int = 200) -> HttpResponse:
    me = person(request)
    sessions.note_use(request)  # so that the list has this session from the first visit on
    page = {
        "role": role_of(me),
        "tokens": ApiToken.objects.filter(owner=me).order_by("-created"),
        "usage": usage.of(me),
        "sessions": sessions.of(me, request.session.session_key),
        "second_factor": second_factor.is_on(me),
        "recovery_codes_left": second_factor.recovery_codes_left(me),
        "email_form": EmailForm(me, initial={"email": me.email}),
        "language_form": LanguageForm(initial={"language": me.language}),
        **more,
    }
    return render(request, "people/account.html", page, status=status)
