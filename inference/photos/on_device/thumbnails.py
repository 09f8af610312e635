"""Small pictures of photos that a device alone has: made there, and stored here where an administrator allows it for that
device.

They are fetched in the background, and deleted as soon as it is no longer allowed. The photos stay where they are.
"""

import logging
import secrets
import time
from collections import OrderedDict
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from devices import dispatch
from devices.contract import jobs
from devices.contract.protocol import THUMBNAIL_BYTES, THUMBNAILS
from devices.models import Node
from devices.telemetry import presence
from inference.models import LIVE, ON_DEVICES, Photo, Thumbnail, Turn
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found

log = logging.getLogger(__name__)
MOST_BYTES = 64_000_000  # of one device's; then the oldest go
DEADLINE_S, BUDGET_S = 5.0, 2.0  # for one; of one run of the clock
AT_ONCE = 16  # photos that are looked up together
PAUSE_S, MOST_RESTING = 600.0, 500  # after a device could not send one; such photos that this process remembers
LOOK_SHARE = 0.01  # of the time that is spent looking for photos without one
JPEG = b"\xff\xd8\xff"
_resting: OrderedDict[UUID, float] = OrderedDict()
_look_again = 0.0  # by time.monotonic()


def of(photo: Photo) -> bytes | None:
    """The picture, where there is one."""
    jpeg = Thumbnail.objects.filter(photo=photo).values_list("jpeg", flat=True).first()
    return bytes(jpeg) if jpeg else None


def allow(person: AbstractBaseUser, slug: str, allowed: bool) -> Node:
    """Let small pictures of a device's photos come here, or no longer: then those that are here are deleted. The caller has
    checked that this person is an administrator. Raises UserError."""
    with transaction.atomic():
        node = Node.objects.select_for_update().filter(slug=slug, tier="device").first()
        if node is None or (allowed and node.revoked_at):
            raise not_found("device")
        if allowed and THUMBNAILS not in node.abilities:
            raise UserError(
                "agent_too_old",
                "The agent of %(device)s (version %(version)s) sends no thumbnails: it is too old.",
                "Run the installer on it again.",
                409,
                {"device": slug, "version": node.versions.get("agent") or "?"},
            )
        node.thumbnails = allowed
        node.save(update_fields=["thumbnails"])
        count, _ = (0, {}) if allowed else Thumbnail.objects.filter(node=slug).delete()
        Photo.objects.filter(thumbnail_came=True, placed__has_key=slug, thumbnail=None).update(thumbnail_came=False)
    if allowed:
        audit.record(person, "thumbnails allowed", f"node:{slug}")
    else:
        audit.record(person, "thumbnails forbidden", f"node:{slug}", f"{count} deleted")
    presence.announce(node)
    return node


def is_needed() -> bool:
    """Whether a device that is online may send one. Costs a query where no device may."""
    global _look_again
    started = time.monotonic()
    if started < _look_again or not (nodes := _allowed()):
        return False
    waits = _waiting(nodes).exists()
    ended = time.monotonic()
    _look_again = ended if waits else ended + (ended - started) / LOOK_SHARE
    return waits


def run(budget_s: float = BUDGET_S) -> int:
    """Fetch some, the newest photos' first; stops as soon as somebody's own question waits. Returns how many."""
    started, count = time.monotonic(), 0
    nodes, passed = _allowed(), [pk for pk, until in _resting.items() if until > time.monotonic()]
    while nodes and (some := list(_waiting(nodes).exclude(pk__in=passed).order_by("-created")[:AT_ONCE])):
        for photo in some:
            if time.monotonic() - started > budget_s or Turn.objects.filter(state__in=LIVE, background=False).exists():
                return count
            passed.append(photo.pk)
            count += fetch(photo, next(slug for slug in nodes if slug in photo.placed))
    return count


def fetch(photo: Photo, slug: str) -> bool:
    """Whether it is here now. What cannot be had is tried again after a pause."""
    blob = f"{photo.pk}-thumbnail-{secrets.token_hex(4)}"
    with dispatch.on_behalf_of(photo.owner_id, background=True):
        try:
            dispatch.call(slug, jobs.Thumbnail(photo=str(photo.pk), blob=blob), DEADLINE_S)
            data = dispatch.take_blob(slug, blob)
        except (dispatch.NodeGone, dispatch.StageFailed) as error:
            log.info("no thumbnail of photo %s: %s", photo.pk, error)
            return _rest(photo)
    if len(data) > THUMBNAIL_BYTES or not data.startswith(JPEG):
        log.warning("%s sent no small JPEG as the thumbnail of photo %s; update its agent", slug, photo.pk)
        return _rest(photo)
    return store(photo, slug, data)


def store(photo: Photo, slug: str, data: bytes) -> bool:
    """Whether it was: not where it has been forbidden meanwhile, or the photo deleted."""
    with transaction.atomic():
        node = Node.objects.select_for_update().filter(slug=slug, thumbnails=True, revoked_at=None)
        if node.first() is None or Photo.visible.select_for_update().filter(pk=photo.pk).first() is None:
            return False
        _make_room(slug, len(data))
        Thumbnail.objects.update_or_create(photo=photo, defaults={"node": slug, "jpeg": data, "bytes": len(data)})
        Photo.objects.filter(pk=photo.pk).update(thumbnail_came=True)
    return True


def _make_room(slug: str, size: int) -> None:
    rows = Thumbnail.objects.filter(node=slug)
    excess = (rows.aggregate(sum=Sum("bytes"))["sum"] or 0) + size - MOST_BYTES
    oldest = []
    if excess > 0:
        for pk, count in rows.order_by("created").values_list("pk", "bytes").iterator():
            if excess <= 0:
                break
            excess -= count
            oldest.append(pk)
        rows.filter(pk__in=oldest).delete()


def _allowed() -> list[str]:
    now = timezone.now()
    nodes = Node.objects.filter(thumbnails=True, revoked_at=None)
    return [node.slug for node in nodes if presence.usable(node, now) and THUMBNAILS in node.abilities]


def _waiting(nodes: list[str]) -> "QuerySet[Photo]":
    """Photos without one that these devices alone have."""
    there = Q()
    for slug in nodes:
        there |= Q(placed__has_key=slug)
    return Photo.visible.filter(there, source_format__in=ON_DEVICES, thumbnail_came=False)


def _rest(photo: Photo) -> bool:
    _resting[photo.pk] = time.monotonic() + PAUSE_S
    while len(_resting) > MOST_RESTING:
        _resting.popitem(last=False)
    return False
