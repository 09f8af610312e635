"""One log line for each piece of news."""

import logging

from webapp.ops.notifications.channel import NodeNews

log = logging.getLogger(__name__)


class LogChannel:
    name = "log"

    def enabled(self) -> bool:
        return True

    def send(self, news: NodeNews) -> None:
        log.warning("%s", news.sentence())
