"""The sockets of the chat page: one of a conversation, a snapshot and then what happens to its turns; and one of the list."""

from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from inference.answering import turns
from inference.models import Turn
from webapp.chat import conversations, turn_rows
from webapp.chat.models import Conversation
from webapp.live import groups
from webapp.live.consumer import LiveConsumer
from webapp.live.errors import UserError, not_found


class ChatConsumer(LiveConsumer):
    @property
    def conversation(self) -> UUID:
        return self.scope["url_route"]["kwargs"]["conversation"]

    def groups_for(self) -> list[str]:
        return [groups.chat(self.conversation)]

    def allowed(self, user: AbstractBaseUser) -> bool:
        return Conversation.objects.filter(pk=self.conversation, owner=user).exists()

    def snapshot(self) -> dict[str, Any]:
        conversation = Conversation.objects.get(pk=self.conversation)
        rows = conversations.turns_of(conversation)
        return {"type": "snapshot", "conversation": str(conversation.pk), "title": str(conversation), "turns": rows}

    def receive_frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        if frame.get("type") != "refetch":
            raise UserError("unknown_frame", "Unsupported message type.", "Reload the page.")
        try:
            pk = UUID(str(frame.get("turn")))
        except ValueError:
            raise not_found("question") from None
        turn = Turn.objects.filter(pk=pk, conversation=self.conversation, owner=self.scope["user"]).first()
        if turn is None:
            raise not_found("question")
        return {"type": "turn.snapshot", "turn": turn_rows.as_json(turns.expire(turn))}


class ConversationsConsumer(LiveConsumer):
    """What happens to a person's list of conversations. The page reads the list itself over HTTP, in pages."""

    def groups_for(self) -> list[str]:
        return [groups.conversations(self.scope["user"].pk)]
