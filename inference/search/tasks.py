"""What the clock has cloud workers do for the search (the schedule: webapp.celery)."""

from celery import shared_task

from inference.search import indexing


@shared_task(name="search.index", is_needed=staticmethod(indexing.is_needed))
def index_photos() -> None:
    """Give photos vectors while no question waits."""
    indexing.run()
