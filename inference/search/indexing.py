"""Vectors for photos that nobody has asked about yet: in the background, while no question waits.

A photo is looked at where it already is. One that no node has is placed on a device first, as its first question would.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from devices import dispatch
from devices.contract.jobs import RunWhole
from inference.answering import prefetch
from inference.models import LIVE, Photo, Turn
from inference.placement import fleet
from inference.search import memory
from webapp.live.errors import UserError

DEADLINE_S = 30.0  # for one photo
BUDGET_S = 4.0  # of one run of the clock
AT_ONCE = 32  # photos that are looked up together
LOOK_SHARE = 0.01  # of the time that is spent looking: with very many photos, a look that finds none takes a while
PAUSE_S, MOST_RESTING = 600.0, 500  # after a photo could not be indexed; such photos that this process remembers
_resting: OrderedDict[UUID, float] = OrderedDict()
_look_again = 0.0  # by time.monotonic()
_without_space = set[str]()  # models whose answers bring no vectors
log = logging.getLogger(__name__)


def waiting() -> QuerySet[Photo]:
    """Photos without a vector of the space in use, or without the classifier's names beside it, the newest first."""
    lacks = ~Q(vector__space=memory.space_name()) | Q(vector=None) | Q(vector__likeliest=None)
    return Photo.visible.filter(lacks).order_by("-created")


def is_needed() -> bool:
    """Whether a photo waits."""
    global _look_again
    started = time.monotonic()
    if not (settings.SEARCH and memory.space_name()) or started < _look_again:
        return False
    waits = waiting().order_by().exists()
    ended = time.monotonic()
    _look_again = ended if waits else ended + (ended - started) / LOOK_SHARE
    return waits


def run(budget_s: float = BUDGET_S) -> int:
    """Index photos for a while; stops as soon as a question waits. Returns how many."""
    started, count = time.monotonic(), 0
    if not (settings.SEARCH and memory.space_name()):
        return 0
    for photo in _next():
        if time.monotonic() - started > budget_s or Turn.objects.filter(state__in=LIVE).exists():
            break
        count += index_photo(photo)
    return count


def index_photo(photo: Photo) -> bool:
    """Whether it has a vector now. What cannot be done now is tried again after a pause."""
    with dispatch.on_behalf_of(photo.owner_id):
        try:
            device = fleet.device_for(photo, "", fleet.online(without=set()))
            if fleet.models_of(device) in _without_space:
                return False
            prefetch.place(photo, device)
            done = dispatch.call(device.slug, RunWhole(task=memory.CLASSIFIER, photo=str(photo.pk)), DEADLINE_S)
        except (UserError, dispatch.NodeGone, dispatch.StageFailed, Photo.DoesNotExist, FileNotFoundError) as error:
            log.info("photo %s was not indexed: %s", photo.pk, error)
            _rest(photo)
            return False
    if done.answer.vector is None:
        log.warning("the models %s have no space of vectors, so their devices index no photos", fleet.models_of(device))
        _without_space.add(fleet.models_of(device))
    elif memory.remember([(photo, memory.CLASSIFIER, done.answer)]):
        return True
    _rest(photo)
    return False


def _rest(photo: Photo) -> None:
    _resting[photo.pk] = time.monotonic() + PAUSE_S
    while len(_resting) > MOST_RESTING:
        _resting.popitem(last=False)


def _next() -> Iterator[Photo]:
    """Each once; those that only an offline device has wait for it."""
    online = {node.slug for node in fleet.online(without=set()) if node.tier == "device"}
    if not online:
        return
    passed = [pk for pk, until in _resting.items() if until > time.monotonic()]
    while batch := list(waiting().exclude(pk__in=passed)[:AT_ONCE]):
        for photo in batch:
            passed.append(photo.pk)
            if not photo.on_device_alone or online & photo.placed.keys():
                yield photo
