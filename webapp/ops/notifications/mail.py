"""E-mail to the address of the account, by the mail server of the installation (ISTHMUS_EMAIL_HOST)."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext, gettext_noop

from webapp.accounts.models import User
from webapp.ops.notifications.channel import DeliveryError, Message, Undeliverable

NO_SERVER = gettext_noop("No mail server is set: ISTHMUS_EMAIL_HOST.")
NO_ADDRESS = gettext_noop("The account has no e-mail address.")
PERMANENT = 500  # SMTP: from here on, trying again does not help


class MailChannel:
    name, label, personal = "mail", gettext_noop("E-mail"), True

    def obstacle(self) -> str:
        return "" if settings.EMAIL_HOST else NO_SERVER

    def targets(self, person: User) -> list[str]:
        if not person.email:
            raise Undeliverable(NO_ADDRESS)
        return [f"user:{person.pk}"]

    def send(self, message: Message, target: str) -> None:
        person = User.objects.filter(pk=target.removeprefix("user:")).first()
        if person is None or not person.email:
            raise Undeliverable(NO_ADDRESS)
        footer = gettext("Which notifications you get, and how: %(address)s")
        rules = footer % {"address": f"{settings.PUBLIC_URL.rstrip('/')}/account/notifications/"}
        mail = EmailMessage(
            # A header is one line, whatever a node is called.
            subject=f"Isthmus: {' '.join(message.title.split())}",
            body=f"{message.sentence}\n\n{message.link}\n\n--\n{rules}\n",
            to=[person.email],
            headers={"Message-ID": f"<notice-{message.id}-{person.pk}@isthmus>", "Auto-Submitted": "auto-generated"},
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            sentence = f"The mail server refused the address: {', '.join(map(str, codes))}."
            raise (Undeliverable if min(codes) >= PERMANENT else DeliveryError)(sentence) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
