"""What the clock has cloud workers do for the site as a whole (the schedule: webapp.celery)."""

from celery import shared_task
from django.conf import settings

from webapp.ops import retention


@shared_task(name="ops.prune")
def prune() -> None:
    """Delete expired data."""
    retention.delete_expired(settings.SAMPLE_DAYS)
