"""Making, changing, pausing and deleting watches; and drafts, which a person confirms."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError
from django.db.models import QuerySet
from pydantic import ValidationError

from devices import cameras
from devices.camera_access import rules
from devices.contract.watches import MAX_WATCHES, WatchSettings
from devices.models import Node
from inference.answering import trained_models
from inference.watches import live
from inference.watches.models import DRAFT, ON, PAUSED, Watch
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found

SAID = {
    "looks_for": "what to look for",
    "question": "the question",
    "expected": "the answer that counts",
    "per_second": "frames per second",
    "motion": "the motion threshold",
    "zone": "the zone",
    "hits": "the looks that must see it",
    "window": "the looks that count",
    "clear_after": "the looks until it is cleared",
    "least": "the least confidence",
    "cool_down_s": "the cool-down",
    "quiet": "the quiet hours",
}


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
    spec = checked(person, node, camera, settings, run)
    if Watch.objects.filter(node=node, state=ON).count() >= MAX_WATCHES:
        raise UserError("too_many_watches", f"{node} has {MAX_WATCHES} watches already.", "Pause or delete one of them.", 409)
    watch = Watch.objects.create(
        owner=person, node=node, camera=camera, title=named(title, spec), settings=stored(spec), run=run
    )
    audit.record(person, "watch created", f"camera:{node}/{camera}", watch.title)
    live.announce(watch)
    return watch


def change(watch: Watch, node: str, camera: str, title: str, settings: Mapping[str, Any], run: int | None) -> Watch:
    """Also of a draft, which stays one. Raises UserError."""
    spec = checked(watch.owner, node, camera, settings, run)
    watch.node, watch.camera, watch.title, watch.run = node, camera, named(title, spec), run
    watch.settings, watch.version, watch.applied = stored(spec), watch.version + 1, False
    watch.save()
    live.announce(watch)
    return watch


def switch(watch: Watch, on: bool) -> Watch:
    """Pause it, resume it, or confirm a draft. Raises UserError."""
    if on:
        checked(watch.owner, watch.node, watch.camera, watch.settings, watch.run)
        if Watch.objects.filter(node=watch.node, state=ON).exclude(pk=watch.pk).count() >= MAX_WATCHES:
            raise UserError(
                "too_many_watches", f"{watch.node} has {MAX_WATCHES} watches already.", "Pause or delete one of them.", 409
            )
        audit.record(watch.owner, "watch started", f"camera:{watch.node}/{watch.camera}", watch.title)
    state = ON if on else PAUSED if watch.state != DRAFT else DRAFT
    if watch.state != state:
        watch.state, watch.version, watch.applied = state, watch.version + 1, False
        watch.save(update_fields=["state", "version", "applied"])
        live.announce(watch)
    return watch


def delete(watch: Watch) -> None:
    """With its events."""
    number, person = watch.pk, watch.owner_id
    audit.record(watch.owner, "watch deleted", f"camera:{watch.node}/{watch.camera}", watch.title)
    watch.delete()
    live.announce_deleted(number, person)


def draft(person: AbstractBaseUser, turn: UUID, spec: Mapping[str, Any], why: Mapping[str, str]) -> Watch:
    """From a sentence; the same turn makes the same draft. `spec` may name a camera, a thing and hours. Raises UserError."""
    known = Watch.objects.filter(turn=turn).first()
    if known is not None:
        return known
    node, camera = place(person, str(spec.get("camera", "")))
    settings = {name: value for name, value in spec.items() if name != "camera"}
    parsed = parsed_settings(camera, settings)
    try:
        return Watch.objects.create(
            owner=person, node=node, camera=camera, title=named("", parsed), settings=stored(parsed), state=DRAFT,
            why=dict(why), turn=turn,
        )  # fmt: skip
    except IntegrityError:  # the turn was taken over meanwhile
        return Watch.objects.get(turn=turn)


def place(person: AbstractBaseUser, name: str) -> tuple[str, str]:
    """Node and camera that a person means: by the camera's name, or the only one there is. Raises UserError."""
    usable = usable_cameras(person)
    if not usable:
        raise UserError(
            "no_camera", "You may use no camera.", "Add one to cameras.toml on a device, or ask an administrator.", 409
        )
    matching = [
        pair for pair in usable if not name or name.casefold() in (pair[1].casefold(), f"{pair[0]}/{pair[1]}".casefold())
    ]
    return (matching or usable)[0]


def usable_cameras(person: AbstractBaseUser) -> list[tuple[str, str]]:
    """(node, camera) of devices that are not revoked."""
    access = rules.read()
    nodes = Node.objects.filter(tier="device", revoked_at=None)
    return [(node.slug, name) for node in nodes for name in cameras.names(node) if access.may_use(person.pk, node.slug, name)]


def checked(person: AbstractBaseUser, node: str, camera: str, settings: Mapping[str, Any], run: int | None) -> WatchSettings:
    """Raises UserError."""
    row = Node.objects.filter(slug=node, tier="device", revoked_at=None).first()
    if row is None:
        raise not_found("device")
    if camera not in cameras.names(row):
        raise UserError("no_camera", f"{node} has no camera {camera[:40]}.", "Choose one that it reports.", 422)
    if not rules.read().may_use(person.pk, node, camera):
        raise UserError(
            "camera_not_allowed",
            f"You may not use the camera {camera} of {node}.",
            "Ask an administrator, who can allow it on the page of the device.",
            403,
        )
    spec = parsed_settings(camera, settings)
    if run is not None:
        _check_model(person, run, spec)
    return spec


def parsed_settings(camera: str, settings: Mapping[str, Any]) -> WatchSettings:
    """Raises UserError that names the setting."""
    try:
        spec = WatchSettings.model_validate({**settings, "camera": camera})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        what = first["msg"].removeprefix("Value error, ").rstrip(".")
        about = SAID.get(name, name)
        raise UserError(
            "bad_watch", f"{about[:1].upper()}{about[1:]}: {what}." if about else f"{what[:1].upper()}{what[1:]}.",
            "Change it, then save again.", 422,
        ) from error  # fmt: skip
    _check_time_zone(spec)
    return spec


def _check_time_zone(spec: WatchSettings) -> None:
    if spec.quiet is not None and spec.quiet.time_zone not in available_timezones():
        raise UserError(
            "bad_watch", f"The quiet hours: there is no time zone {spec.quiet.time_zone}.", "Write it like Europe/Berlin.", 422
        )


def _check_model(person: AbstractBaseUser, run: int, spec: WatchSettings) -> None:
    model = trained_models.read(f"run {run}", person.pk)
    classes = [str(name) for name in model.card.get("classes") or []]  # type: ignore[union-attr]
    if spec.looks_for.strip().casefold() not in (name.casefold() for name in classes):
        raise UserError(
            "unknown_class",
            f"The model of run {run} does not know “{spec.looks_for}”.",
            f"Look for one of {', '.join(classes[:20])}.",
            422,
        )


def named(title: str, spec: WatchSettings) -> str:
    return (" ".join(title.split()) or spec.looks_for.strip() or spec.question.strip())[:80]


def stored(spec: WatchSettings) -> dict[str, Any]:
    return spec.model_dump(mode="json", exclude={"camera"})
