"""What answers say of their photos besides the answer: the vectors by which they are found."""

import hashlib
import logging
from collections.abc import Iterable
from functools import cache

from django.conf import settings

from devices.contract.results import AnswerResult
from inference.engine.mean_token import space
from inference.models import Photo
from inference.search import naming
from inference.search.indexes.index import index
from inference.search.models import PhotoVector

CLASSIFIER = "classify"
NAMES = 5  # of the classifier, that are stored
log = logging.getLogger(__name__)


@cache
def space_name() -> str:
    """Of the space in use; vectors of another cannot be compared with its own. Empty where there is none."""
    return hashlib.sha256(space.FILE.read_bytes()).hexdigest()[:16] if space.FILE.exists() else ""


def remember(answers: Iterable[tuple[Photo, str, AnswerResult]]) -> int:
    """Store the vectors of photos that have none yet, and the names that came with them. `answers`: a photo, the task, what was
    answered. Returns how many rows were written."""
    rows = dict[object, PhotoVector]()
    for photo, task, answer in answers:
        vector = _vector_of(photo, answer)
        if vector is None or not space_name() or not settings.SEARCH:
            continue
        named = answer.names or (answer.top if task == CLASSIFIER else [])
        names = [list(pair) for pair in named[:NAMES]]
        known = PhotoVector.objects.filter(pk=photo.pk, space=space_name()).first()
        if known is not None and (known.names or not names):
            continue
        stored = bytes(known.vector) if known is not None else vector
        rows[photo.pk] = PhotoVector(
            photo=photo,
            owner_id=photo.owner_id,
            space=space_name(),
            vector=stored,
            names=names,
            likeliest=naming.likeliest(named),
        )
    if not rows:
        return 0
    present = set(Photo.objects.filter(pk__in=rows).values_list("pk", flat=True))  # one may have been deleted meanwhile
    index().put([row for pk, row in rows.items() if pk in present])
    return len(present)


def receive(sender: object, answers: list[tuple[Photo, str, AnswerResult]], **_: object) -> None:
    """Receives Django's signal of inference.answering.execute."""
    remember(answers)


def _vector_of(photo: Photo, answer: AnswerResult) -> bytes | None:
    """None where the node sent none, or something that is none."""
    if not answer.vector:
        return None
    try:
        return space.decoded(answer.vector)
    except ValueError as error:
        log.warning("the vector of photo %s was refused: %s", photo.pk, error)
        return None
