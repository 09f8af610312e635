"""Deleting a photo everywhere: the server's files at once, and what nodes hold of it now or as soon as they can be reached.

A trace says that a node may hold something of a photo. It is written before anything is sent, so that a crash at any moment
leaves a trace too many and never one too few, and it goes when the node has confirmed the deletion.
"""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

import redis
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from devices import dispatch
from devices.contract.jobs import Forget
from devices.contract.protocol import blob_key
from devices.models import Node
from devices.producer import bulk
from inference.models import Photo, PhotoTrace
from inference.placement import fleet

log = logging.getLogger(__name__)
FORGET_S, BUDGET_S = 5.0, 5.0
FINAL = timedelta(seconds=60)  # by then, what was on its way when the photo was deleted has arrived or is refused
STRAY = timedelta(hours=1)  # a file or a trace without its photo: what should have become of it failed
BATCH = 500


def photo_deleted(photo: Photo) -> None:
    """Called whenever a row is deleted, by whatever way."""
    for path in (photo.path, photo.small_path):
        path.unlink(missing_ok=True)
    edges = Node.objects.filter(tier="edge", revoked_at=None).values_list("slug", flat=True)
    traces = [PhotoTrace(photo=photo.pk, node=slug) for slug in {*photo.placed, *edges}]
    PhotoTrace.objects.bulk_create(traces, ignore_conflicts=True)
    PhotoTrace.objects.filter(photo=photo.pk).update(deleted=timezone.now())


def erase(photo_id: str) -> None:
    """Have the nodes that can be reached delete a photo that was just deleted here; `sweep` makes sure of it."""
    _drop_blobs(UUID(photo_id))
    reachable = {node.slug for node in fleet.online(without=set())}
    for trace in PhotoTrace.objects.filter(photo=photo_id, deleted__isnull=False, node__in=reachable):
        _ask(trace)


def is_needed() -> bool:
    return PhotoTrace.objects.filter(deleted__lt=timezone.now() - FINAL).exists()


def sweep() -> int:
    """Delete what is still on nodes that were away, and what arrived late. Short, and safe to run twice. Returns how many
    traces are gone."""
    now, until = timezone.now(), time.monotonic() + BUDGET_S
    due = PhotoTrace.objects.filter(deleted__lt=now - FINAL, since__lt=now - FINAL).order_by("deleted")
    enrolled = Node.objects.filter(revoked_at=None).values("slug")
    count, _ = due.exclude(node__in=enrolled).delete()  # out of reach for good
    unreachable: set[str] = set()
    online = {node.slug for node in fleet.online(without=set())}
    for trace in due.filter(node__in=online)[:BATCH]:
        if time.monotonic() > until:
            break
        if trace.node in unreachable:
            continue
        _drop_blobs(trace.photo)
        if _ask(trace):
            trace.delete()
            count += 1
        else:
            unreachable.add(trace.node)
    return count


def stray_files(before: datetime) -> Iterator[Path]:
    """Files older than this whose photo was never registered, or whose deletion failed half-way."""
    folder = Path(settings.PHOTO_DIR)
    for file in [*folder.glob("*"), *folder.with_name("incoming").glob("*")]:
        if file.is_file() and file.stat().st_mtime < before.timestamp() and not _is_known(file, folder):
            yield file


def delete_strays(before: datetime, at_most: int) -> int:
    """Delete some of these files, and mark the traces of such photos, which `sweep` deletes. Returns how many files."""
    known = Photo.objects.filter(pk=OuterRef("photo"))
    PhotoTrace.objects.filter(~Exists(known), deleted=None, since__lt=before).update(deleted=timezone.now())
    count = 0
    for file in islice(stray_files(before), at_most):
        file.unlink(missing_ok=True)
        count += 1
    return count


def _is_known(file: Path, folder: Path) -> bool:
    try:
        return file.parent == folder and Photo.objects.filter(pk=UUID(file.name.partition(".")[0])).exists()
    except ValueError:
        return file.parent == folder  # not ours


def _ask(trace: PhotoTrace) -> bool:
    try:
        dispatch.call(trace.node, Forget(photo=str(trace.photo)), FORGET_S)
    except (dispatch.NodeGone, dispatch.StageFailed) as error:
        log.info("photo %s is not deleted on %s yet: %s", trace.photo, trace.node, error)
        return False
    return True


def _drop_blobs(photo: UUID) -> None:
    """Bytes on their way in Redis: their names begin with the photo's id."""
    try:
        for key in bulk().scan_iter(match=blob_key("*", f"{photo}*"), count=1000):
            bulk().delete(key)
    except redis.RedisError as error:
        log.info("what is in Redis of photo %s expires by itself: %s", photo, error)
