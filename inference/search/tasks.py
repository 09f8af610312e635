"""What the clock has cloud workers do for the search (the schedule: webapp.celery)."""

from celery import shared_task

from inference.search import indexing
from inference.search.indexes.index import index


@shared_task(name="search.index", is_needed=staticmethod(indexing.is_needed))
def index_photos() -> None:
    """Give photos vectors while no question waits."""
    indexing.run()


def index_is_outgrown() -> bool:
    return index().is_outgrown()


@shared_task(name="search.rebuild", is_needed=staticmethod(index_is_outgrown))
def rebuild_index() -> None:
    """Make the index for as many photos as there are by now; searches go on meanwhile."""
    index().rebuild()
