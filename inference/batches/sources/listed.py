"""A list of ids of a person's photos."""

from collections.abc import Sequence
from uuid import UUID

from inference.batches.sources import limit
from inference.models import Photo
from webapp.languages import lazy_number
from webapp.live.errors import UserError

CHUNK = 500  # ids in one query


def photos(owner: int, ids: Sequence[UUID]) -> list[Photo]:
    """In the order of the list, each once. Raises UserError unless the person sees all of them."""
    wanted = list(dict.fromkeys(ids))
    limit.check_count(len(wanted))
    rows: dict[UUID, Photo] = {}
    for start in range(0, len(wanted), CHUNK):
        rows |= Photo.visible.filter(owner=owner).in_bulk(wanted[start : start + CHUNK])
    if missing := [pk for pk in wanted if pk not in rows]:
        raise UserError(
            "unknown_photos",
            "%(count)s of these photos do not exist or are not yours; the first is %(id)s.",
            "Leave them out, or look at your list of photos.",
            404,
            {"count": lazy_number(len(missing), 0), "id": missing[0]},
        )
    return [rows[pk] for pk in wanted]
