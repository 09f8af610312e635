"""Which photos the rules of retention leave alone: what a person keeps in the library stays until they delete it."""

from datetime import timedelta

from django.db.models import QuerySet

from inference.models import Photo

UNUSED = timedelta(days=1)  # by default, how long a photo stays that was added to a question and never asked about


def expendable() -> QuerySet[Photo]:
    """Photos that were only added to questions: neither added to the library, nor favourites, nor in an album. They go with
    their questions."""
    return Photo.visible.filter(kept=False, favourite=False, albums=None)


def unused() -> QuerySet[Photo]:
    """Those of them that no question and no batch is about."""
    return expendable().filter(turn=None, batch_items=None)
