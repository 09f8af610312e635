"""What the clock has cloud workers do for batches (the schedule: webapp.celery)."""

from celery import shared_task

from inference.batches import feeding


@shared_task(name="batches.sweep", is_needed=staticmethod(feeding.is_needed))
def sweep_batches() -> None:
    """Take what ended unnoticed, and give items their turns."""
    feeding.sweep()
