"""A socket needs our Origin, a logged-in person, and something of theirs at its address."""

from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async


async def _closed_with(socket: Any) -> int:
    """The close code of a socket that is accepted and closed, or 403 for one that is not accepted."""
    accepted, _ = await socket.connect()
    if not accepted:
        return 403
    message = await socket.receive_output(2)
    assert message["type"] == "websocket.close", message
    return int(message["code"])


async def test_the_owner_gets_a_snapshot(socket_of: Any, owner: Any, conversation: Any) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/chat/{conversation.pk}/")
    assert (await socket.connect())[0]
    snapshot = await socket.receive_json_from()
    assert snapshot == {"type": "snapshot", "conversation": str(conversation.pk), "title": conversation.title, "turns": []}
    await socket.disconnect()


async def test_a_socket_without_origin_is_refused(socket_of: Any, owner: Any, conversation: Any) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/chat/{conversation.pk}/", origin=None)
    assert await _closed_with(socket) == 403


async def test_a_socket_from_another_site_is_refused(socket_of: Any, owner: Any, conversation: Any) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/chat/{conversation.pk}/", (b"origin", b"https://evil.example"))
    assert await _closed_with(socket) == 403


async def test_a_stranger_is_closed_as_not_logged_in(socket_of: Any, conversation: Any) -> None:
    for path in (f"/ws/chat/{conversation.pk}/", "/ws/devices/", "/ws/models/"):
        assert await _closed_with(await sync_to_async(socket_of)(None, path)) == 4401


async def test_for_a_colleague_the_conversation_does_not_exist(socket_of: Any, colleague: Any, conversation: Any) -> None:
    socket = await sync_to_async(socket_of)(colleague, f"/ws/chat/{conversation.pk}/")
    assert await _closed_with(socket) == 4404


async def test_an_unknown_conversation_and_an_unknown_address_close_alike(socket_of: Any, owner: Any) -> None:
    for path in (f"/ws/chat/{uuid4()}/", "/ws/nothing/", "/"):
        assert await _closed_with(await sync_to_async(socket_of)(owner, path)) == 4404
