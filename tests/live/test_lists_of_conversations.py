"""What somebody does with their conversations in one tab reaches their other tabs, and nobody else's."""

from typing import Any

from asgiref.sync import sync_to_async

from inference.answering import turns
from inference.models import Turn
from webapp.chat import conversations
from webapp.chat.library import editing, listing
from webapp.chat.ratings import rating


async def _open(socket_of: Any, user: Any, path: str) -> Any:
    socket = await sync_to_async(socket_of)(user, path)
    await socket.connect()
    assert (await socket.receive_json_from())["type"] == "snapshot"
    return socket


async def test_titles_pins_and_questions_reach_the_list(socket_of: Any, owner: Any, colleague: Any, conversation: Any) -> None:
    socket = await _open(socket_of, owner, "/ws/conversations/")
    other = await _open(socket_of, colleague, "/ws/conversations/")
    await sync_to_async(listing.change)(conversation, "Rex 🐕", True)
    event = await socket.receive_json_from(3)
    row = event["conversation"]
    assert (event["type"], row["id"], row["title"], row["pinned"]) == (
        "conversation.changed", str(conversation.pk), "Rex 🐕", True,
    )  # fmt: skip
    turn = await sync_to_async(conversations.ask)(owner, "A new one?")
    event = await socket.receive_json_from(3)
    assert (event["conversation"]["id"], event["conversation"]["title"]) == (str(turn.conversation), "A new one?")
    pk = str(conversation.pk)
    await sync_to_async(conversations.delete)(conversation)
    assert await socket.receive_json_from(3) == {"type": "conversation.deleted", "conversation": pk}
    assert await other.receive_nothing(0.3)
    await socket.disconnect()
    await other.disconnect()


async def test_a_stranger_gets_no_list(socket_of: Any) -> None:
    socket = socket_of(None, "/ws/conversations/")
    await socket.connect()
    assert (await socket.receive_output(2))["code"] == 4401


async def test_a_page_of_a_deleted_conversation_is_closed_at_once(socket_of: Any, owner: Any, conversation: Any) -> None:
    socket = await _open(socket_of, owner, f"/ws/chat/{conversation.pk}/")
    await sync_to_async(conversations.delete)(conversation)
    assert (await socket.receive_output(3)) == {"type": "websocket.close", "code": 4404}


async def test_edits_and_ratings_reach_the_page_of_the_conversation(socket_of: Any, owner: Any, conversation: Any) -> None:
    turn = await sync_to_async(turns.ask)(owner, conversation.pk, "What is this?", None)
    await Turn.objects.filter(pk=turn.pk).aupdate(state="answered", answer="A dog.")
    await turn.arefresh_from_db()
    socket = await _open(socket_of, owner, f"/ws/chat/{conversation.pk}/")
    await sync_to_async(rating.rate)(turn, owner, False, "no")
    assert await socket.receive_json_from(3) == {
        "type": "turn.rated", "turn": str(turn.pk), "rating": {"up": False, "note": "no"},
    }  # fmt: skip
    await sync_to_async(rating.withdraw)(turn, owner)
    assert (await socket.receive_json_from(3))["rating"] is None
    later = await sync_to_async(editing.edit)(turn, "What is that?")
    assert await socket.receive_json_from(3) == {"type": "turn.replaced", "turn": str(turn.pk), "by": str(later.pk)}
    await socket.send_json_to({"type": "refetch", "turn": str(turn.pk)})
    assert (await socket.receive_json_from(3))["turn"]["replaced_by"] == str(later.pk)
    await socket.disconnect()
