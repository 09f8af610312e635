"""Making, changing, pausing and deleting watches; and drafts, which a person confirms."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError
from django.db.models import QuerySet

from devices import cameras
from devices.camera_access import rules
from devices.contract.watches import MAX_WATCHES, WatchSettings
from devices.models import Node
from inference.answering import trained_models
from inference.watches import checks, live, obstacles, things
from inference.watches.models import DRAFT, ON, PAUSED, Watch
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found

MOST_DRAFTS = 50  # of a person: sentences and programs make them faster than a person looks at them


def all_of(person: AbstractBaseUser) -> QuerySet[Watch]:
    return Watch.objects.filter(owner=person)


def own(person: AbstractBaseUser, number: int) -> Watch:
    """Raises UserError."""
    watch = all_of(person).filter(pk=number).first()
    if watch is None:
        raise not_found("watch")
    return watch


def create(person: AbstractBaseUser, node: str, camera: str, title: str, settings: Mapping[str, Any], run: int | None) -> Watch:
    """Raises UserError."""
    spec = checks.checked(person, node, camera, settings, run)
    _check_room(node)
    watch = Watch.objects.create(
        owner=person, node=node, camera=camera, title=named(title, settings), settings=stored(spec), run=run
    )
    audit.record(person, "watch created", f"camera:{node}/{camera}", watch.title)
    live.announce(watch)
    return watch


def change(watch: Watch, node: str, camera: str, title: str, settings: Mapping[str, Any], run: int | None) -> Watch:
    """Also of a draft, which stays one. Raises UserError."""
    spec = checks.checked(watch.owner, node, camera, settings, run)
    if watch.state == ON and node != watch.node:
        _check_room(node)
    if (node, camera) != (watch.node, watch.camera):
        obstacles.end_standing(watch)
        watch.unable = ""
    watch.node, watch.camera, watch.title, watch.run = node, camera, named(title, settings), run
    watch.settings, watch.version, watch.applied, watch.obstacle = stored(spec), watch.version + 1, False, ""
    watch.save()
    live.announce(watch)
    return watch


def switch(watch: Watch, on: bool) -> Watch:
    """Pause it, resume it, or confirm a draft. Raises UserError."""
    if on:
        checks.checked(watch.owner, watch.node, watch.camera, watch.settings, watch.run)
        _check_room(watch.node, watch)
        audit.record(watch.owner, "watch started", f"camera:{watch.node}/{watch.camera}", watch.title)
    state = ON if on else PAUSED if watch.state != DRAFT else DRAFT
    if watch.state != state:
        watch.state, watch.version, watch.applied, watch.obstacle = state, watch.version + 1, False, ""
        watch.save(update_fields=["state", "version", "applied", "obstacle"])
        live.announce(watch)
        if not on:
            obstacles.end_standing(watch)
    return watch


def _check_room(node: str, watch: Watch | None = None) -> None:
    """Whether a device takes one more, besides this one. Raises UserError."""
    others = Watch.objects.filter(node=node, state=ON).exclude(pk=watch.pk if watch else None)
    if others.count() >= MAX_WATCHES:
        values = {"node": node, "count": MAX_WATCHES}
        raise UserError(
            "too_many_watches", "%(node)s has %(count)s watches already.", "Pause or delete one of them.", 409, values
        )


def delete(watch: Watch) -> None:
    """With its events."""
    number, person = watch.pk, watch.owner_id
    audit.record(watch.owner, "watch deleted", f"camera:{watch.node}/{watch.camera}", watch.title)
    watch.delete()
    live.announce_deleted(number, person)


def draft(person: AbstractBaseUser, turn: UUID, spec: Mapping[str, Any], why: Mapping[str, str], somewhere: str = "") -> Watch:
    """From a sentence; the same turn makes the same draft. `spec` may name a camera, a thing and hours; `somewhere`: words that
    may name the camera by its place. Raises UserError."""
    known = Watch.objects.filter(turn=turn).first()
    if known is not None:
        return known
    try:
        return sketch(person, spec, why=why, somewhere=somewhere, turn=turn)
    except IntegrityError:  # the turn was taken over meanwhile
        return Watch.objects.get(turn=turn)


def sketch(
    person: AbstractBaseUser,
    spec: Mapping[str, Any],
    *,
    title: str = "",
    why: Mapping[str, str] | None = None,
    somewhere: str = "",
    turn: UUID | None = None,
) -> Watch:
    """A new draft, of which no device hears before its owner has confirmed it. Raises UserError."""
    if all_of(person).filter(state=DRAFT).count() >= MOST_DRAFTS:
        values = {"count": MOST_DRAFTS}
        raise UserError(
            "too_many_drafts", "You have %(count)s draft watches already.", "Start or delete some of them.", 409, values
        )
    node, camera = place(person, str(spec.get("camera", "")), somewhere)
    settings = {name: value for name, value in spec.items() if name not in ("camera", "run")}
    run = _run_of(person, spec)
    parsed = checks.checked(person, node, camera, settings, run)
    watch = Watch.objects.create(
        owner=person, node=node, camera=camera, title=named(title, settings), settings=stored(parsed), run=run,
        state=DRAFT, why=dict(why or {}), turn=turn,
    )  # fmt: skip
    live.announce(watch)
    return watch


def _run_of(person: AbstractBaseUser, spec: Mapping[str, Any]) -> int | None:
    """The training run that a sentence names, or else the newest that has a class of what no bundled model has one of."""
    thing = str(spec.get("looks_for", ""))
    if "run" in spec or not thing or things.is_familiar(thing):
        return spec.get("run")
    return trained_models.newest_with(thing, person.pk)


def place(person: AbstractBaseUser, name: str, somewhere: str = "") -> tuple[str, str]:
    """Node and camera that a person means: by the camera's name, by a place that a camera is called after, or else the first.
    Raises UserError."""
    usable = usable_cameras(person)
    if not usable:
        raise UserError(
            "no_camera", "You may use no camera.", "Add one to cameras.toml on a device, or ask an administrator.", 409
        )
    if name:
        matching = [(node, camera) for node, camera in usable if name.casefold() in (camera, f"{node}/{camera}")]
        if not matching:
            cameras = ", ".join(sorted({camera for _, camera in usable})[: checks.MOST_NAMED])
            values = {"camera": name[:40], "cameras": cameras}
            raise UserError(
                "no_camera", "There is no camera “%(camera)s” that you may use.", "Name one of these: %(cameras)s.", 422, values
            )
        return matching[0]
    words = set(somewhere.casefold().split())
    return max(usable, key=lambda pair: len(words & set(pair[1].split("-"))))


def usable_cameras(person: AbstractBaseUser) -> list[tuple[str, str]]:
    """(node, camera) of devices that are not revoked."""
    access = rules.read()
    nodes = Node.objects.filter(tier="device", revoked_at=None)
    return [(node.slug, name) for node in nodes for name in cameras.names(node) if access.may_use(person.pk, node.slug, name)]


def named(title: str, settings: Mapping[str, Any]) -> str:
    """Its own words where it has no title: also those of another language."""
    words = " ".join(title.split()) or settings.get("looks_for") or settings.get("question") or ""
    return " ".join(str(words).split())[:80]


def stored(spec: WatchSettings) -> dict[str, Any]:
    return spec.model_dump(mode="json", exclude={"camera"})
