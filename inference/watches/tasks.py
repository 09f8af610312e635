"""The cloud worker's Celery tasks about events."""

import logging

from celery import current_app, shared_task
from celery.exceptions import OperationalError as QueueError
from kombu.exceptions import OperationalError as BrokerError

from inference.watches import obstacles
from inference.watches.events import edge_check
from inference.watches.models import Event, Watch

log = logging.getLogger(__name__)
CHECK, SWEEP, LOOK = "watches.check", "watches.sweep", "watches.look"


def check_soon(event: Event) -> None:
    """What cannot be queued now, the sweep finds."""
    try:
        current_app.send_task(CHECK, (event.pk,), retry=False)
    except (QueueError, BrokerError, OSError) as error:
        log.warning("the check of event %d was not queued: %s", event.pk, error)


@shared_task(name=CHECK)
def check(number: int) -> None:
    edge_check.check(number)


@shared_task(name=LOOK, is_needed=staticmethod(Watch.objects.exists))
def look() -> None:
    """Notice watches whose device, camera or permission is gone. Safe to run twice."""
    obstacles.refresh()


@shared_task(name=SWEEP)
def sweep() -> None:
    """Check again what a lost message or a worker that died left unchecked."""
    for number in edge_check.overdue():
        edge_check.check(number)
