"""What a person may do with conversations. Each function sees only that person's own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from devices.models import Node
from inference.answering import turns
from inference.models import LIVE, Photo, QuestionPhoto, Turn
from inference.photos import keeping, store
from inference.photos.earlier import MOST_PHOTOS, photos_of
from webapp.accounts import audit
from webapp.chat import turn_rows
from webapp.chat.library import listing
from webapp.chat.models import Conversation
from webapp.languages import lazy_number
from webapp.live import groups
from webapp.live.errors import UserError, not_found
from webapp.live.publish import recheck

MOST_TURNS = 500  # of one conversation: its page loads all of them
PHOTO_AND_PHOTOS = UserError("photo_and_photos", "A question has either “photo” or “photos”.", "Send one of the two.", 422)
SAME_PHOTO = UserError("same_photo", "The same photo is in this question twice.", "Remove one of the two.", 422)


def own(owner: Any, pk: UUID) -> Conversation:
    conversation = Conversation.objects.filter(pk=pk, owner=owner).first()
    if conversation is None:
        raise not_found("conversation")
    return conversation


def own_turn(owner: Any, pk: UUID) -> Turn:
    turn = turn_rows.with_parts(Turn.objects.filter(pk=pk, owner=owner)).first()
    if turn is None:
        raise not_found("question")
    turn.owner = owner  # who knows the token with which this is done
    return turns.expire(turn)


def own_photo(owner: Any, pk: UUID) -> Photo:
    photo = Photo.visible.filter(pk=pk, owner=owner).first()
    if photo is None:
        raise not_found("photo")
    return photo


def rows_of(conversation: Conversation) -> QuerySet[Turn]:
    return turn_rows.with_parts(Turn.objects.filter(conversation=conversation.pk, owner=conversation.owner_id))


def turns_of(conversation: Conversation) -> list[turn_rows.OwnTurn]:
    return [turn_rows.as_json(turns.expire(turn)) for turn in rows_of(conversation)]


def ask(
    owner: Any,
    question: str,
    *,
    photo: UUID | None = None,
    photos: Sequence[UUID] = (),
    conversation: UUID | None = None,
    node: str | None = None,
    policy: str = "fastest",
    route: str | None = None,
    fresh: bool = False,
) -> Turn:
    """Ask a question, in a new conversation if none is given. Without a photo it is about those of the
    conversation's last one. `photos` are several in their order; `photo` is one.

    Raises UserError; nothing is stored then.
    """
    target = own(owner, conversation) if conversation else Conversation(owner=owner)
    subjects = _photos(owner, photo, photos) or _last_photos(target)
    subject = subjects[-1] if subjects else None
    if node and not Node.objects.filter(slug=node, tier="device", revoked_at=None).exists():
        remedy, values = "Pick one from the devices page.", {"name": node[:40]}
        raise UserError("unknown_node", "There is no device “%(name)s”.", remedy, 422, values)
    check_room(target)
    with transaction.atomic():
        turn = turns.ask(
            owner,
            target.pk,
            question,
            subject,
            others=subjects[:-1],
            policy=policy,
            route=route or "",
            node=node or "",
            fresh=fresh,
        )
        if target._state.adding:
            listing.name(target, question)
            target.save()
        else:
            target.save(update_fields=["updated"])
    listing.announce(target)
    return turn


def too_many_photos(count: int) -> UserError:
    return UserError(
        "too_many_photos",
        "This question has %(count)s photos; the limit is %(limit)s.",
        "Ask about fewer of them at once, or make a batch of them.",
        422,
        {"count": lazy_number(count, 0), "limit": lazy_number(MOST_PHOTOS, 0)},
    )


def check_room(conversation: Conversation) -> None:
    """Raises UserError where no further question fits."""
    if not conversation._state.adding and Turn.objects.filter(conversation=conversation.pk).count() >= MOST_TURNS:
        raise UserError(
            "conversation_full",
            "This conversation has %(count)s questions, which is the limit.",
            "Start a new one.",
            409,
            {"count": MOST_TURNS},
        )


def delete(conversation: Conversation) -> None:
    """Delete the conversation, its turns, and the photos that no other turn or batch refers to and the library has not."""
    rows = Turn.objects.filter(conversation=conversation.pk)
    for turn in rows.filter(state__in=LIVE):
        turns.stop(turn)
    others = QuestionPhoto.objects.filter(turn__in=rows, photo__isnull=False).values_list("photo", flat=True)
    pks = {pk for pk in (*rows.values_list("photo", flat=True), *others) if pk}
    photos = list(keeping.expendable().filter(pk__in=pks))
    rows.delete()
    name = conversation.pk
    conversation.delete()
    recheck(groups.chat(name))
    listing.announce_deleted(conversation.owner_id, name)
    unused = [photo for photo in photos if not _is_needed(photo)]
    for photo in unused:
        store.forget(photo)
    audit.record(None, "deleted", f"conversation:{name}", f"with {len(unused)} photo{'' if len(unused) == 1 else 's'}")


def delete_photo(photo: Photo) -> None:
    """Remove a photo; the questions about it stay, without it. Raises UserError while one of them is being answered."""
    if keeping.busy([photo.pk]):
        raise UserError("photo_in_use", "A question about this photo is being answered.", "Stop it first, or wait.", 409)
    name = photo.pk
    store.forget(photo)
    audit.record(None, "deleted", f"photo:{name}")


def _is_needed(photo: Photo) -> bool:
    return photo.turn_set.exists() or photo.question_photos.exists() or photo.batch_items.exists()


def _photos(owner: Any, photo: UUID | None, photos: Sequence[UUID]) -> list[Photo]:
    """Raises UserError."""
    if photo and photos:
        raise PHOTO_AND_PHOTOS
    if len(photos) > MOST_PHOTOS:
        raise too_many_photos(len(photos))
    if len(set(photos)) < len(photos):
        raise SAME_PHOTO
    return [own_photo(owner, pk) for pk in ([photo] if photo else photos)]


def _last_photos(conversation: Conversation) -> list[Photo]:
    """Those of the last question with a photo that still exist."""
    if conversation._state.adding:
        return []
    rows = Turn.objects.filter(conversation=conversation.pk, photo__isnull=False, photo__hidden_at=None)
    last = rows.select_related("photo").order_by("-created").first()
    return [photo for photo in photos_of(last) if photo and not photo.hidden_at] if last else []
