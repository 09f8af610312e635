"""The cloud worker's Celery tasks that export models."""

from celery import shared_task

from inference.answering import cloud_queue
from inference.bundles import exporting


@shared_task(name=cloud_queue.EXPORT)
def export(profile: str) -> None:
    """May be lost: nodes ask again, and then it is sent again."""
    exporting.submit(profile)


@shared_task(name="inference.refresh_exports")
def refresh() -> None:
    """Safe to run twice: one process at a time exports."""
    exporting.refresh()
