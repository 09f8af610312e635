"""A new batch: what may be asked, of which photos, planned once for all of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from devices import dispatch
from devices.models import Node
from inference.answering import planner_usage, plans, trained_models, turns
from inference.batches import feeding
from inference.batches.models import PAUSED, RUNNING, Batch, Item
from inference.batches.sources import device_folder, listed, shown
from inference.batches.sources.device_folder import DeviceFolder
from inference.batches.sources.shown import Shown
from inference.calls import allowances, recording
from inference.models import Photo
from inference.planning.context import Context
from inference.planning.plan import TRAIN
from inference.scheduling import limits
from webapp.live.errors import UserError

MOST_UNFINISHED = 20  # batches of one person that run or are paused
CHUNK = 500  # rows in one statement
MOST_BYTES = 2**31 - 1  # that an item can state; no photo has so many


def create(
    owner: AbstractBaseUser,
    question: str,
    photos: Sequence[UUID] | Shown | DeviceFolder,
    *,
    policy: str,
    route: str = "",
    node: str = "",
    fresh: bool = False,
) -> Batch:
    """Plan the question, store the batch and start it. Raises UserError; nothing is stored then."""
    batch = _checked(owner, question, policy, route, node, fresh)
    if isinstance(photos, DeviceFolder):
        return _start_folder(batch, photos)
    if isinstance(photos, Shown):
        chosen, repeated = shown.photos(owner.pk, photos), 0
    else:
        chosen = listed.photos(owner.pk, photos)
        repeated = len(photos) - len(chosen)
    batch.plan = _plan(batch)
    return start(batch, chosen, repeated)


def prepare(
    owner: AbstractBaseUser, question: str, *, policy: str, route: str = "", node: str = "", fresh: bool = False
) -> Batch:
    """A batch that is planned and not stored, for photos that are yet to come. Raises UserError."""
    batch = _checked(owner, question, policy, route, node, fresh)
    batch.plan = _plan(batch)
    return batch


def start(batch: Batch, chosen: Sequence[Photo], repeated: int = 0) -> Batch:
    """Raises UserError where the person has too many."""
    batch.repeated = repeated
    return _start(batch, [Item(photo=photo, photo_bytes=photo.bytes) for photo in chosen])


def _start_folder(batch: Batch, source: DeviceFolder) -> Batch:
    batch.plan, batch.device, batch.folder = _plan(batch), source.device, source.folder
    files = device_folder.files(batch.owner, source)
    _start(batch, [Item(file=file.model_dump(mode="json"), photo_bytes=min(file.bytes, MOST_BYTES)) for file in files])
    device_folder.record(batch.owner, batch, len(files))
    return batch


def _start(batch: Batch, items: Sequence[Item]) -> Batch:
    with transaction.atomic():
        limits.lock(batch.owner_id)
        if Batch.objects.filter(owner=batch.owner_id, state__in=(RUNNING, PAUSED)).count() >= MOST_UNFINISHED:
            raise UserError(
                "too_many_batches",
                "You have %(count)s batches that are not finished, which is the limit.",
                "Wait for one, or stop one.",
                429,
                {"count": MOST_UNFINISHED},
            )
        allowances.admit(batch.owner_id, batch.token_id, questions=len(items))
        batch.save(force_insert=True)
        for number, item in enumerate(items, 1):
            item.batch, item.number = batch, number
        Item.objects.bulk_create(items, batch_size=CHUNK)
        feeding.give_first(batch)
    return batch


def _checked(owner: AbstractBaseUser, question: str, policy: str, route: str, node: str, fresh: bool) -> Batch:
    turns.check(question, policy, route)
    if node and not Node.objects.filter(slug=node, tier="device", revoked_at=None).exists():
        remedy, values = "Pick one from the devices page.", {"name": node[:40]}
        raise UserError("unknown_node", "There is no device “%(name)s”.", remedy, 422, values)
    asked = {"question": question.strip(), "policy": policy, "route": route, "node": node, "fresh": fresh}
    return Batch(owner=owner, token_id=allowances.token_of(owner), **asked)


def _plan(batch: Batch) -> dict[str, Any]:
    """Raises UserError for a message that no model answers from a photo."""
    owner = batch.owner_id
    context = Context(has_photo=True, models=trained_models.names(owner))
    with dispatch.on_behalf_of(owner, background=True), recording.asked_with(batch.token_id):
        planned = planner_usage.planner().plan(batch.question, context)
    plan, steps = plans.stored(planned, batch.question, owner, batch.pk)
    if not steps:
        raise UserError("no_steps", plan["why"], "Ask something that each photo answers.", 422)
    if any(step.task == TRAIN for step in steps):
        raise UserError("no_training", "A batch asks about photos; it trains nothing.", "Ask for the training in a chat.", 422)
    if any(step.before for step in steps):
        raise UserError(
            "one_photo_each", "A batch asks about each photo alone.", "Ask a question that needs no other photo.", 422
        )
    return plan
