"""A question that finds no node because they load other models goes back into the queue instead of failing."""

import logging

from devices import model_choice
from inference.answering.journal import Journal
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost

log = logging.getLogger(__name__)
AWAY = ("no_device", "node_offline", "no_edge")  # the codes of what it meets then


class NodesLoadModels(Exception):
    """The question is not lost: it is answered once a node is back."""


def check(error: Exception, failed_before: bool) -> None:
    """Raises NodesLoadModels where a step has failed for that reason alone."""
    away = isinstance(error, UserError) and error.code in AWAY
    if (away or failed_before) and model_choice.is_changing():
        raise NodesLoadModels from None


def postpone(journal: Journal) -> None:
    try:
        journal.postponed()
    except LeaseLost:
        log.info("turn %s was stopped or taken over", journal.turn.pk)
