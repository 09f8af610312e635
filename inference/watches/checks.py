"""Whether a watch can be: its device, its camera, its settings and its model. Whatever is wrong is a UserError."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext_noop
from pydantic import ValidationError

from devices import cameras
from devices.camera_access import rules
from devices.contract.watches import WatchSettings
from devices.models import Node
from inference.answering import trained_models
from inference.watches import things
from webapp.live.errors import UserError, not_found

MOST_NAMED = 20  # cameras or classes in a message
CHANGE = gettext_noop("Change it, then save again.")
KNOWN_TO_A_RUN = gettext_noop("Run %(run)s has a class of that name: choose it as the model.")
SAID = {
    "looks_for": "what to look for",
    "question": "the question",
    "expected": "the answer that counts",
    "per_second": "frames per second",
    "motion": "the part that has to change",
    "zone": "the zone",
    "hits": "the looks that must see it",
    "window": "the looks that count",
    "clear_after": "the looks until it is over",
    "least": "the confidence that counts",
    "cool_down_s": "the pause after an event",
    "quiet": "the quiet hours",
}


def checked(person: AbstractBaseUser, node: str, camera: str, settings: Mapping[str, Any], run: int | None) -> WatchSettings:
    """With the thing in English, as models read it."""
    row = Node.objects.filter(slug=node, tier="device", revoked_at=None).first()
    if row is None:
        raise not_found("device")
    if camera not in cameras.names(row):
        values = {"node": node, "camera": camera[:40]}
        raise UserError("no_camera", "%(node)s has no camera %(camera)s.", "Choose one that it reports.", 422, values)
    if not rules.read().may_use(person.pk, node, camera):
        raise not_allowed(node, camera)
    spec = parsed(camera, settings)
    if run is not None:
        return spec.model_copy(update={"looks_for": _class_of(person, run, spec)})
    return spec.model_copy(update={"looks_for": _in_english(person, spec.looks_for)}) if spec.looks_for else spec


def _in_english(person: AbstractBaseUser, thing: str) -> str:
    try:
        return things.in_english(thing)[:60]
    except UserError as error:
        run = trained_models.newest_with(thing, person.pk)
        if run is None:
            raise
        raise UserError(error.code, things.UNKNOWN, KNOWN_TO_A_RUN, 422, {"thing": thing, "run": run}) from None


def not_allowed(node: str, camera: str) -> UserError:
    return UserError(
        "camera_not_allowed",
        "You may not use the camera %(camera)s of %(node)s.",
        "Ask an administrator, who can allow it on the page of the device.",
        403,
        {"camera": camera[:40], "node": node},
    )


def parsed(camera: str, settings: Mapping[str, Any]) -> WatchSettings:
    """The error names the setting."""
    try:
        spec = WatchSettings.model_validate({**settings, "camera": camera})
    except ValidationError as error:
        raise _invalid(error) from error
    if spec.quiet is not None and spec.quiet.time_zone not in available_timezones():
        values = {"zone": spec.quiet.time_zone}
        raise UserError(
            "bad_watch", "The quiet hours: there is no time zone %(zone)s.", "Write it like Europe/Berlin.", 422, values
        )
    return spec


def _invalid(error: ValidationError) -> UserError:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    what = first["msg"].removeprefix("Value error, ").rstrip(".")
    about = SAID.get(name, name)
    sentence = f"{about}: {what}." if about else f"{what}."
    return UserError("bad_watch", sentence[:1].upper() + sentence[1:], CHANGE, 422)


def _class_of(person: AbstractBaseUser, run: int, spec: WatchSettings) -> str:
    """What is looked for, as the model of this run spells it."""
    try:
        model = trained_models.read(f"run {run}", person.pk)
    except UserError as error:
        values = {"run": run}
        raise UserError(
            error.code, "The model of run %(run)s does not exist any more.", "Choose another model.", 404, values
        ) from None
    if spec.question:
        raise UserError(
            "bad_watch", "The model of a training run answers no questions.", "Look for one of its classes instead.", 422
        )
    if spec.escalates:
        raise UserError(
            "bad_watch",
            "An edge cannot check what the model of a training run sees.",
            "Switch off asking an edge, or choose the device's own model.",
            422,
        )
    label = model.class_of(spec.looks_for)
    if label is None:
        raise UserError(
            "unknown_class",
            "The model of run %(run)s does not know “%(thing)s”.",
            "Look for one of %(classes)s.",
            422,
            {"run": run, "thing": spec.looks_for, "classes": ", ".join(model.classes[:MOST_NAMED])},
        )
    return label
