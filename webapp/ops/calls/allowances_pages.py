"""What people and their tokens may use, and have used: for administrators, who change it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from inference.calls import allowances
from inference.calls.measures import MEASURES
from webapp.accounts.models import ApiToken, User
from webapp.accounts.roles import admins_only
from webapp.languages import lazy_number

DEFAULT = gettext_lazy("Empty: {value}, as for everybody. 0: no limit.")
NO_DEFAULT = gettext_lazy("Empty or 0: no limit.")


class AllowancesForm(forms.Form):
    """A field for each measure. `has_default`: of a person; a token has what its owner has besides."""

    def __init__(self, *args: Any, has_default: bool, **named: Any) -> None:
        super().__init__(*args, **named)
        for measure in MEASURES:
            default = measure.default if has_default else 0
            text: Any = format_lazy(DEFAULT, value=lazy_number(default, measure.decimals)) if default else NO_DEFAULT
            self.fields[measure.name] = forms.FloatField(
                label=gettext(measure.label), required=False, min_value=0, max_value=allowances.MOST, help_text=text
            )


@require_GET
@admins_only
def allowances_page(request: HttpRequest) -> HttpResponse:
    people = User.objects.humans().filter(is_active=True).order_by("username")
    rows = [{"person": person, "standings": allowances.of_person(person.pk)} for person in people]
    return render(request, "calls/allowances.html", {"rows": rows, "measures": MEASURES})


@require_http_methods(["GET", "POST"])
@admins_only
def allowances_of(request: HttpRequest, pk: int) -> HttpResponse:
    """One form for the person and one for each of their tokens; a POST changes the one that it names."""
    person = get_object_or_404(User.objects.humans(), pk=pk)
    tokens = list(person.api_tokens.order_by("-created"))
    target = _target(request, tokens)
    forms_by_token = {token: _form(request, person, token, token == target) for token in (None, *tokens)}
    form = forms_by_token[target]
    if request.method == "POST" and form.is_valid():
        allowances.change(person, target, form.cleaned_data)
        messages.success(request, gettext("Saved."))
        return redirect("allowances_of", person.pk)
    of_tokens = [(token, forms_by_token[token], allowances.of_token(person.pk, token.pk)) for token in tokens]
    page = {
        "person": person,
        "form": forms_by_token[None],
        "standings": allowances.of_person(person.pk),
        "tokens": [dict(zip(("token", "form", "standings"), row, strict=True)) for row in of_tokens],
    }
    return render(request, "calls/allowances_of.html", page, status=400 if form.is_bound else 200)


def _target(request: HttpRequest, tokens: list[ApiToken]) -> ApiToken | None:
    named = request.POST.get("token", "")
    if not named:
        return None
    by_pk = {str(token.pk): token for token in tokens}
    return by_pk[named] if named in by_pk else get_object_or_404(ApiToken.objects.none())


def _form(request: HttpRequest, person: User, token: ApiToken | None, is_target: bool) -> AllowancesForm:
    own = {name: f"{most:g}" for name, most in allowances.own(person.pk, token.pk if token else None).items()}
    data = request.POST if request.method == "POST" and is_target else None
    return AllowancesForm(data, initial=own, prefix=f"token-{token.pk}" if token else None, has_default=token is None)
