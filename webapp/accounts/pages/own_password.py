"""What changes how somebody gets in asks for the password again: an unlocked screen is not enough, nor is guessing there."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from webapp.accounts.guesses import Guesses
from webapp.accounts.models import User

GUESSES = Guesses("own-password", 10, 600)


def check(me: User, password: str) -> None:
    """Raises ValidationError."""
    if GUESSES.exhausted(str(me.pk)):
        raise forms.ValidationError(gettext("Too many wrong passwords. Wait ten minutes, then try again."))
    if not me.check_password(password):
        GUESSES.wrong(str(me.pk))
        raise forms.ValidationError(gettext("This is not your password."))


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=gettext_lazy("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, me: User, data: QueryDict | None = None, **named: Any) -> None:
        super().__init__(data, **named)
        self.me = me

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        check(self.me, password)
        return password


class EmailForm(PasswordForm):
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False, max_length=254)
    field_order = ("email", "password")


class NewPasswordForm(PasswordChangeForm):  # type: ignore[type-arg]
    def clean_old_password(self) -> str:
        password = str(self.cleaned_data["old_password"])
        check(self.user, password)
        return password
