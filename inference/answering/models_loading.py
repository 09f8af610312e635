"""A question that finds no node goes back into the queue instead of failing, where they load other models, or where the server
was away and has not heard them since."""

import logging

from django.utils import timezone

from devices import model_choice
from devices.telemetry import silence
from inference.answering.journal import Journal
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost

log = logging.getLogger(__name__)
AWAY = ("no_device", "node_offline", "no_edge")  # the codes of what it meets then


class NodesLoadModels(Exception):
    """The question is not lost: it is answered once a node is back."""


def check(error: Exception, failed_before: bool) -> None:
    """Raises NodesLoadModels where a step has failed for one of these reasons alone."""
    away = isinstance(error, UserError) and error.code in AWAY
    if ((away or failed_before) and model_choice.is_changing()) or (away and silence.is_our_own(timezone.now())):
        raise NodesLoadModels from None


def postpone(journal: Journal) -> None:
    try:
        journal.postponed()
    except LeaseLost:
        log.info("turn %s was stopped or taken over", journal.turn.pk)
