"""Edit the last question of a conversation and send it again. The earlier turn stays as it was, marked as replaced."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from inference.answering import turns
from inference.models import LIVE, Turn
from inference.photos.earlier import photos_of
from webapp.chat import conversations
from webapp.chat.library import listing, titles
from webapp.chat.models import Conversation, Replacement
from webapp.live import groups
from webapp.live.errors import UserError
from webapp.live.events import TurnReplaced
from webapp.live.publish import publish

NOT_LAST = UserError(
    "not_last", "Only the last question of a conversation can be edited.", "Edit that one, or ask a new one.", 409
)
STILL_RUNNING = UserError("still_running", "This question is still being answered.", "Stop it first, or wait.", 409)


def edit(earlier: Turn, question: str) -> Turn:
    """The new turn, about the same photos and with the same options. Raises UserError; nothing is stored then."""
    conversation = Conversation.objects.get(pk=earlier.conversation)
    conversations.check_room(conversation)
    try:
        with transaction.atomic():
            later = _replace(conversation, earlier, question)
    except IntegrityError:  # another page was quicker
        raise NOT_LAST from None
    publish(groups.chat(conversation.pk), TurnReplaced(turn=str(earlier.pk), by=str(later.pk)))
    listing.announce(conversation)
    return later


def replaced(conversation: UUID) -> QuerySet[Any]:
    """Ids of the turns of a conversation that have been replaced."""
    return Replacement.objects.filter(earlier__conversation=conversation).values("earlier_id")


def _replace(conversation: Conversation, earlier: Turn, question: str) -> Turn:
    present = Turn.objects.filter(conversation=conversation.pk, replacement=None).order_by("-created")
    if (newest := present.first()) is None or newest.pk != earlier.pk:
        raise NOT_LAST
    if newest.state in LIVE:
        raise STILL_RUNNING
    options = {"policy": earlier.policy, "route": earlier.route, "node": earlier.node, "fresh": earlier.fresh}
    photos = [photo for photo in photos_of(earlier) if photo and not photo.hidden_at]
    last = photos[-1] if photos else None
    later = turns.ask(earlier.owner, conversation.pk, question, last, others=photos[:-1], **options)
    Replacement.objects.create(earlier=earlier, later=later)
    is_first = not present.filter(created__lt=earlier.created).exists()
    if is_first and conversation.title == titles.from_question(earlier.question):  # nobody has renamed it
        listing.name(conversation, later.question)
    conversation.save(update_fields=["title", "folded_title", "updated"])
    return later
