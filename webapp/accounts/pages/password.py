"""Changing a password, and choosing a new one with a link: sent by e-mail, or handed out by an owner."""

import logging
import threading
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext

from webapp.accounts import audit, people
from webapp.accounts.models import SHELL, User
from webapp.accounts.pages.own_password import NewPasswordForm

log = logging.getLogger(__name__)
MAIL_S = 300  # at most one message to an account in this time


class ChangePassword(views.PasswordChangeView):
    form_class = NewPasswordForm
    template_name = "people/change_password.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        people.password_changed(form.user, "password changed", self.request.session.session_key)
        messages.success(self.request, gettext("Your password was changed, and you are logged out everywhere else."))
        return response


class MailedLinkForm(PasswordResetForm):
    """Sends in the background: the response takes as long whether or not the address belongs to somebody."""

    def send_mail(self, *arguments: Any, **named: Any) -> None:
        language, send = translation.get_language(), super().send_mail  # of whoever asks

        def work() -> None:
            with translation.override(language):
                send(*arguments, **named)

        threading.Thread(target=work, name="mail", daemon=True).start()

    def get_users(self, email: str) -> Any:
        for user in super().get_users(email):
            if cache.add(f"reset-mail:{user.pk}", True, MAIL_S):
                audit.record(None, "reset link sent", f"user:{user.get_username()}")
                yield user


@method_decorator(login_not_required, "dispatch")
class ForgottenPassword(views.PasswordResetView):
    """By e-mail where a mail server is configured; otherwise the page says whom to ask."""

    form_class = MailedLinkForm
    template_name = "people/forgotten_password.html"
    email_template_name = "people/reset_mail.txt"
    subject_template_name = "people/reset_mail_subject.txt"
    success_url = reverse_lazy("reset_link_sent")
    extra_context = {"hours": settings.PASSWORD_RESET_TIMEOUT // 3600}

    def dispatch(self, request: HttpRequest, *args: Any, **named: Any) -> Any:
        if not settings.EMAIL_HOST:
            return render(request, "people/ask_an_owner.html")
        return super().dispatch(request, *args, **named)


@login_not_required
def reset_link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "people/reset_link_sent.html")


@method_decorator(login_not_required, "dispatch")
class ResetPassword(views.PasswordResetConfirmView):
    template_name = "people/reset_password.html"
    success_url = reverse_lazy("login")
    form_class = SetPasswordForm

    def get_user(self, uidb64: str) -> User | None:
        user: User | None = super().get_user(uidb64)
        return user if user is not None and user.is_active and user.username != SHELL else None

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        people.password_changed(form.user, "password reset")
        messages.success(self.request, gettext("Your password was changed. Log in with it now."))
        return response
