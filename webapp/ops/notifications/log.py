"""One log line for each notice."""

import logging

from django.utils.translation import gettext_noop

from webapp.accounts.models import User
from webapp.ops.notifications.channel import Message

log = logging.getLogger(__name__)


class LogChannel:
    name, label, personal = "log", gettext_noop("Log"), False

    def obstacle(self) -> str:
        return ""

    def targets(self, person: User) -> list[str]:
        return []

    def send(self, message: Message, target: str) -> None:
        log.warning("%s: %s. %s", message.event, message.title, message.sentence)
