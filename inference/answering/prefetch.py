"""Work done before the question arrives: the photo is placed on the device, and the device computes heads from it.

None of it uses the uplink: a photo that nobody asks about costs the device some computing and nothing else.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from django.db import close_old_connections

from devices import dispatch
from devices.contract.jobs import ComputeHeads, Place
from devices.contract.protocol import MEASURE
from devices.models import Node
from devices.producer import bulk
from inference.agreement import known_profiles, store
from inference.answering import cloud_queue, edge_cache
from inference.engine.catalogue import Profile
from inference.models import Photo, PhotoTrace
from inference.photos import erasure
from inference.photos.on_device import folder_photos
from inference.photos.placed import Placed, change, entry_of
from inference.placement import candidates, fleet, policies, routes
from inference.placement.choose import Load, NoRoute, choose
from inference.placement.link import needs_probe
from webapp.live.errors import UserError

log = logging.getLogger(__name__)
PLACING_S = 20.0
LOCK_S = 5.0  # then another worker may place the photo too, which does no harm: the first may have died
POLL_S = 0.02


def prepare(photo: Photo, node: str) -> None:
    """Place a photo on the device that would be asked, and have it compute the likely heads. Failures of nodes are only
    logged: the question itself does the same later."""
    with dispatch.on_behalf_of(photo.owner_id):
        _prepare(photo, node)


def prepared_at(photo: Photo, node: str) -> float:
    """`prepare`, in a thread that ends with it; when it was done, by time.perf_counter()."""
    try:
        prepare(photo, node)
    finally:
        close_old_connections()
    return time.perf_counter()


def _prepare(photo: Photo, node: str) -> None:
    try:
        nodes = fleet.online(without=set())
        device = fleet.device_for(photo, node, nodes)
        edge = next(iter(fleet.edges_for(device, nodes)), None)
        place(photo, device)
        if edge is not None:
            compute_heads(photo, device, edge)
    except (UserError, dispatch.NodeGone, dispatch.StageFailed, Photo.DoesNotExist, FileNotFoundError) as error:
        log.info("could not prepare photo %s: %s", photo.pk, error)


def photo_deleted(sender: type[Photo], instance: Photo, **_: object) -> None:
    """Receives Django's signal."""
    erasure.photo_deleted(instance)
    cloud_queue.forget(str(instance.pk), instance.owner_id)


def place(
    photo: Photo,
    device: Node,
    task: str = "",
    cancelled: Callable[[], bool] = lambda: False,
    begins: Callable[[], None] = lambda: None,
) -> int:
    """Place a photo on a device, measured for the tasks on towers and this one. Returns the bytes that were waited for, 0 if it
    is there. Raises what dispatch.call raises.

    `begins` is called before the first wait. Of concurrent calls one places it.
    """
    tasks = {*known_profiles.unchanged(fleet.models_of(device)).on_towers, *([task] if task else [])}
    if _is_placed(photo, device, tasks):
        return 0
    begins()
    with _lock(f"cloud:placing:{photo.pk}:{device.slug}", device.slug, cancelled):
        photo.refresh_from_db(fields=["placed"])
        is_there = device.slug in photo.placed
        if not _is_placed(photo, device, tasks):
            if photo.on_device_alone and not is_there:
                _read_again(photo, device, tasks)
                return 0
            _place(photo, device, tasks, is_there, cancelled)
    return 0 if is_there else photo.bytes


def _read_again(photo: Photo, device: Node, tasks: set[str]) -> None:
    """A file of the device's own folder, of which it has dropped its copy. Raises UserError where the photo is none."""
    wanted = sorted(tasks)
    placed = folder_photos.read_again(photo, wanted)
    if placed is None:
        raise UserError("photo_lost", f"{device.slug} no longer has this photo.", "Take or upload it again.", 410)
    models = fleet.models_of(device)
    entry: Placed = {"sizes": placed.sizes, "ready": {}, "profile": models, "tasks": wanted}
    change(photo, device.slug, lambda _: entry)


def _place(photo: Photo, device: Node, tasks: set[str], is_there: bool, cancelled: Callable[[], bool]) -> None:
    wanted = sorted(tasks)
    job = Place(photo=str(photo.pk), tasks=wanted if MEASURE in device.abilities else [])
    if is_there:  # measured so far for other tasks, or for other models
        placed = dispatch.call(device.slug, job, PLACING_S, cancelled)
    else:
        data = _file(photo)
        PhotoTrace.record(photo.pk, device.slug)
        dispatch.put_blob(device.slug, str(photo.pk), data)
        placed = dispatch.call(device.slug, job, PLACING_S, cancelled)
        dispatch.drop_blob(device.slug, str(photo.pk))
    models = fleet.models_of(device)

    def measured(entry: Placed | None) -> Placed:
        if entry is None or entry.get("profile") != models:
            return {"sizes": placed.sizes, "ready": {}, "profile": models, "tasks": wanted}
        known = sorted({*entry.get("tasks", []), *wanted})
        return {**entry, "sizes": {**entry["sizes"], **placed.sizes}, "tasks": known}

    change(photo, device.slug, measured)


def _file(photo: Photo) -> bytes:
    try:
        return photo.path.read_bytes()
    except OSError as error:
        log.warning("photo %s cannot be read: %s", photo.pk, error)
        raise UserError("photo_unreadable", "The server cannot read the file of this photo.", "Upload it again.", 410) from None


def _is_placed(photo: Photo, device: Node, tasks: set[str]) -> bool:
    """Whether the device has it, and its encodings for these tasks were measured, for the models that the device has now. What
    it measured for all tasks stays as it is."""
    if device.slug not in photo.placed:
        return False
    entry = photo.placed[device.slug] or {}
    models, measured = entry.get("profile"), entry.get("tasks")
    if models is None:
        return True
    return models == fleet.models_of(device) and (measured is None or tasks <= set(measured))


def unplace(photo: Photo, device: str) -> None:
    """Record that the device has lost it."""
    change(photo, device, lambda _: None)


def compute_heads(photo: Photo, device: Node, edge: Node) -> None:
    """Have the device compute the heads that questions would most likely use now."""
    profile = store.profile(fleet.models_of(device))
    points = _likely_points(photo, profile, device, edge)
    if not points:
        return
    heads = dispatch.call(device.slug, ComputeHeads(photo=str(photo.pk), points=points), settings.TURN_DEADLINE_S)
    for task, k in heads.points.items():
        remember_head(photo, device.slug, task, k)


def remember_head(photo: Photo, device: str, task: str, k: int) -> None:
    """Record that the device caches the features of this head."""
    if k not in entry_of(photo, device)["ready"].get(task, []):
        change(photo, device, lambda entry: entry and {**entry, "ready": _with(entry["ready"], task, k)})


def remember_heads(heads: Iterable[tuple[Photo, str, str, int]]) -> None:
    """A device caches the features of every head it computes, so that they are ready for the next question."""
    for photo, device, task, k in heads:
        remember_head(photo, device, task, k)


def sizes(photo: Photo, device: str) -> dict[str, int]:
    """Bytes of each photo encoding, as the device's own encoder makes them."""
    return entry_of(photo, device)["sizes"]


def ready(photo: Photo, device: str, profile: Profile, task: str) -> list[int]:
    """Split points whose head the device should have in its cache, from this task or one that shares its tower."""
    heads = entry_of(photo, device)["ready"]
    return sorted({k for other in edge_cache.tasks_sharing_tower(profile, task) for k in heads.get(other, [])})


def _likely_points(photo: Photo, profile: Profile, device: Node, edge: Node) -> dict[str, int]:
    """For each task, the split point that would be chosen if its head were ready; none where another route wins."""
    link = fleet.link_of(device.slug)
    at_device, at_edge = candidates.timings(device.slug, device.profile), candidates.timings(edge.slug, edge.profile)
    points: dict[str, int] = {}
    for task in profile.tasks:
        options = candidates.build(
            task, profile, at_device, at_edge, photo.bytes, sizes(photo, device.slug), ready=profile.split_points(task)
        )
        policy = policies.named(policies.DEFAULT.name, settings.MAX_LOSS * ((options[0].accuracy if options else None) or 1.0))
        try:
            chosen = choose(options, link, Load(), policy, forced=routes.SPLIT.name if needs_probe(link) else None).chosen
        except NoRoute:
            continue
        if chosen.split_at is not None:
            points[task] = chosen.split_at
    return points


def _with(ready: dict[str, list[int]], task: str, k: int) -> dict[str, list[int]]:
    return {**ready, task: sorted({*ready.get(task, []), k})}


@contextmanager
def _lock(key: str, slug: str, cancelled: Callable[[], bool]) -> Iterator[None]:
    """A lock across all cloud workers. Raises NodeGone, Cancelled."""
    store = bulk()
    try:
        while not store.set(key, "1", nx=True, px=int(LOCK_S * 1000)):
            if cancelled():
                raise dispatch.Cancelled
            time.sleep(POLL_S)
        try:
            yield
        finally:
            store.delete(key)
    except redis.RedisError as error:
        raise dispatch.NodeGone(slug, f"{slug} cannot be reached because Redis does not answer.") from error
