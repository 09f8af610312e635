"""For owners: everybody's accounts, invitations, and what logging in takes."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from webapp.accounts import audit, invitations, people
from webapp.accounts.logins import second_factor, sessions
from webapp.accounts.models import LoginPolicy, User
from webapp.accounts.roles import NAMES, ROLES, owners_only, role_of
from webapp.languages import errors as translated
from webapp.languages import lazy_number
from webapp.live.errors import UserError

ROLE_HELP = gettext_lazy(
    "Members use what is theirs. Admins also manage nodes and read the audit trail. Owners also manage people."
)
DEFAULT = gettext_lazy("Empty: {value}, as for everybody.")
POLICIES = (
    (LoginPolicy.NOBODY, gettext_lazy("nobody")),
    (LoginPolicy.ADMINS, gettext_lazy("admins and owners")),
    (LoginPolicy.EVERYBODY, gettext_lazy("everybody")),
)


class LimitsForm(forms.Form):
    """Role and limits of an account, or of one that an invitation will become."""

    role = forms.ChoiceField(choices=[(role, NAMES[role]) for role in ROLES], label=gettext_lazy("Role"), help_text=ROLE_HELP)
    storage_limit_mb = forms.IntegerField(
        label=gettext_lazy("Storage for photos, MB"),
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text=format_lazy(DEFAULT, value=lazy_number(settings.STORAGE_MB, 0)),
    )
    turn_limit = forms.IntegerField(
        label=gettext_lazy("Questions waiting or running"),
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text=format_lazy(DEFAULT, value=settings.TURN_LIMIT),
    )


class InvitationForm(LimitsForm):
    note = forms.CharField(
        label=pgettext_lazy("of an invitation", "For"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("A name, to tell invitations apart."),
    )
    field_order = ("note", "role", "storage_limit_mb", "turn_limit")


class PolicyForm(forms.Form):
    second_factor = forms.ChoiceField(label=gettext_lazy("Required for"), choices=POLICIES)


@require_GET
@owners_only
def people_page(request: HttpRequest) -> HttpResponse:
    return _list(request)


@require_POST
@owners_only
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    """The link is shown once, in this response."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _list(request, {"invitation_form": form}, 400)
    secret = invitations.create(**form.cleaned_data)
    return _list(request, {"new_link": request.build_absolute_uri(reverse("invitation", args=(secret,)))})


@require_POST
@owners_only
def revoke_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    invitations.revoke(pk)
    messages.success(request, gettext("The invitation was revoked."))
    return redirect("people")


@require_POST
@owners_only
def change_policy(request: HttpRequest) -> HttpResponse:
    form = PolicyForm(request.POST)
    if form.is_valid():
        people.require_second_factor(form.cleaned_data["second_factor"])
        messages.success(request, gettext("Saved. Who has no second factor yet is asked to set it up on their next page."))
    return redirect("people")


@require_GET
@owners_only
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    return _one(request, _person(pk))


@require_POST
@owners_only
def change_person(request: HttpRequest, pk: int) -> HttpResponse:
    person, form = _person(pk), LimitsForm(request.POST)
    if not form.is_valid():
        return _one(request, person, {"form": form}, 400)
    values = form.cleaned_data

    def change() -> None:
        people.change_role(person, values["role"])
        people.change_limits(person, values["storage_limit_mb"], values["turn_limit"])

    return _changed(request, person, change, gettext("Saved."))


@require_POST
@owners_only
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    sentence = gettext("%(name)s is deactivated: logged out everywhere, and their tokens are revoked.") % {"name": person}
    return _changed(request, person, lambda: people.deactivate(person), sentence)


@require_POST
@owners_only
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    return _changed(
        request, person, lambda: people.reactivate(person), gettext("%(name)s can log in again.") % {"name": person}
    )


@require_POST
@owners_only
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(pk)

    def change() -> None:
        sessions.end_all(person, but=request.session.session_key)
        audit.record(None, "all sessions ended", f"user:{person}")

    return _changed(request, person, change, gettext("%(name)s is logged out everywhere.") % {"name": person})


@require_POST
@owners_only
def remove_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    sentence = gettext("%(name)s logs in with the password alone now.") % {"name": person}
    return _changed(request, person, lambda: people.remove_second_factor(person), sentence)


@require_POST
@owners_only
@never_cache
def reset_link(request: HttpRequest, pk: int) -> HttpResponse:
    """The link is shown once, in this response."""
    person = _person(pk)
    try:
        link = request.build_absolute_uri(people.reset_path(person))
    except UserError as error:
        messages.error(request, translated.sentences(error))
        return redirect("person", person.pk)
    return _one(request, person, {"new_link": link})


def _person(pk: int) -> User:
    return get_object_or_404(User.objects.humans(), pk=pk)


def _changed(request: HttpRequest, person: User, change: Callable[[], object], sentence: str) -> HttpResponse:
    try:
        change()
    except UserError as error:
        messages.error(request, translated.sentences(error))
    else:
        messages.success(request, sentence)
    return redirect("person", person.pk)


def _list(request: HttpRequest, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    verified = second_factor.with_it_on()
    rows = [
        {"person": person, "role": role_of(person), "second_factor": person.pk in verified}
        for person in User.objects.humans().order_by("-is_active", "username")
    ]
    page = {
        "rows": rows,
        "invitations": invitations.open_ones(),
        "invitation_form": InvitationForm(),
        "policy_form": PolicyForm(initial={"second_factor": second_factor.policy()}),
        **(more or {}),
    }
    return render(request, "people/people.html", page, status=status)


def _one(request: HttpRequest, person: User, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    limits = {name: getattr(person, name) for name in ("storage_limit_mb", "turn_limit")}
    page = {
        "person": person,
        "role": role_of(person),
        "form": LimitsForm(initial={"role": role_of(person), **limits}),
        "second_factor": second_factor.is_on(person),
        "sessions": sessions.of(person, request.session.session_key),
        "tokens": person.api_tokens.count(),
        "trail": audit.of(f"user:{person.get_username()}", 10),
        **(more or {}),
    }
    return render(request, "people/person.html", page, status=status)
