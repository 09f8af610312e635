"""Why a watch that is on is not evaluated now, and what stands raised then."""

from collections.abc import Collection

from django.utils import timezone

from devices import cameras
from devices.camera_access import rules
from devices.camera_access.rules import Access
from devices.contract.watches import FAULTS, OF_CAMERAS
from devices.models import Node
from devices.telemetry import presence
from inference.answering import trained_models
from inference.watches import live
from inference.watches.models import DISMISSED, ON, Event, Watch
from webapp.live.errors import UserError

REVOKED, OFFLINE, NO_CAMERA, NOT_ALLOWED = "revoked", "offline", "no_camera", "not_allowed"
NO_MODEL, NO_CLASS, FAULT, UNABLE = "no_model", "no_class", "fault", "unable"
FINAL = (REVOKED, NO_CAMERA, NOT_ALLOWED, NO_MODEL, NO_CLASS)  # with these no device says any more that something is over


def refresh() -> None:
    """Of every watch; each change is shown on open pages."""
    watches = list(Watch.objects.select_related("owner"))
    nodes = {node.slug: node for node in Node.objects.filter(slug__in={watch.node for watch in watches})}
    access, faulty = rules.read(), faulty_cameras({(watch.node, watch.camera) for watch in watches})
    for watch in watches:
        obstacle = of(watch, nodes.get(watch.node), access, faulty) if watch.state == ON else ""
        if obstacle == watch.obstacle or not Watch.objects.filter(pk=watch.pk, version=watch.version).update(obstacle=obstacle):
            continue
        watch.obstacle = obstacle
        live.announce(watch)
        if obstacle in FINAL:
            end_standing(watch)


def of(watch: Watch, node: Node | None, access: Access, faulty: Collection[tuple[str, str]]) -> str:
    """Empty: none."""
    if node is None or node.revoked_at is not None:
        return REVOKED
    if not access.may_use(watch.owner_id, watch.node, watch.camera):
        return NOT_ALLOWED
    if watch.run is not None and (lacking := _of_model(watch)):
        return lacking
    if presence.state(node, timezone.now()) in ("offline", "unseen"):
        return OFFLINE
    if watch.camera not in cameras.names(node):
        return NO_CAMERA
    if (watch.node, watch.camera) in faulty:
        return FAULT
    return UNABLE if watch.unable else ""


def faulty_cameras(pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of which the newest event is a fault."""
    return {pair for pair in pairs if (newest := _newest(*pair)) is not None and newest in FAULTS}


def _newest(node: str, camera: str) -> str | None:
    events = Event.objects.filter(node=node, camera=camera, kind__in=OF_CAMERAS)
    return events.order_by("-number").values_list("kind", flat=True).first()


def end_standing(watch: Watch) -> None:
    """What stands raised is over: nobody looks any more."""
    for event in watch.events.filter(kind="raised", ended=None).select_related("watch"):
        event.ended = max(timezone.now(), event.at)
        event.save(update_fields=["ended"])
        live.announce_event(event)


def _of_model(watch: Watch) -> str:
    """What its training run lacks; empty: nothing."""
    try:
        model = trained_models.read(f"run {watch.run}", watch.owner_id)
    except UserError:
        return NO_MODEL
    return "" if model.class_of(watch.settings.get("looks_for", "")) else NO_CLASS


def standing(watches: Collection[Watch]) -> dict[int, Event]:
    """The event of each watch that lasts, by the watch's primary key."""
    rows = Event.objects.filter(watch__in=watches, kind="raised", ended=None).exclude(check_state=DISMISSED)
    return {event.watch_id: event for event in rows.order_by("at") if event.watch_id is not None}
