"""What the clock has cloud workers do for the site as a whole (the schedule: webapp.celery)."""

from celery import shared_task
from django.conf import settings

from webapp.ops import retention
from webapp.ops.notifications import delivery


@shared_task(name="ops.notify")
def notify() -> None:
    """Send the news of node events that are due."""
    delivery.deliver_due()


@shared_task(name="ops.prune")
def prune() -> None:
    """Delete expired data."""
    retention.delete_expired(settings.SAMPLE_DAYS)
