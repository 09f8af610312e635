"""A malformed frame is answered with a sentence, and the socket stays open."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

FRAMES = {
    "not JSON": "{",
    "not an object": "[1, 2]",
    "too large": json.dumps({"type": "refetch", "turn": "x" * 5000}),
    "too deep": "[" * 4000,
    "unknown type": json.dumps({"type": "launch"}),
    "no type": "{}",
    "a turn that is no id": json.dumps({"type": "refetch", "turn": {"$ne": 1}}),
    "half a surrogate pair": '{"type": "refetch", "turn": "\\ud800"}',
    "a NUL in a key": '{"type": "refetch", "\\u0000": 1}',
    "a NUL in the type": '{"type": "\\u0000"}',
    "somebody else's turn": json.dumps({"type": "refetch", "turn": "11111111-1111-1111-1111-111111111111"}),
}


@pytest.fixture
def chat(conversation: Any) -> str:
    return f"/ws/chat/{conversation.pk}/"


async def _open(socket_of: Any, owner: Any, path: str) -> Any:
    socket = await sync_to_async(socket_of)(owner, path)
    await socket.connect()
    await socket.receive_json_from()
    return socket


@pytest.mark.parametrize("name", FRAMES)
async def test_a_bad_frame_gets_an_error_frame_and_the_socket_stays_open(
    socket_of: Any, owner: Any, chat: str, name: str
) -> None:
    socket = await _open(socket_of, owner, chat)
    await socket.send_to(text_data=FRAMES[name])
    error = await socket.receive_json_from(3)
    assert error["type"] == "error" and error["message"].endswith(".") and error["next"].endswith(".")
    await socket.send_json_to({"type": "ping"})
    assert await socket.receive_json_from(3) == {"type": "pong"}
    await socket.disconnect()


async def test_a_binary_frame_is_refused_the_same_way(socket_of: Any, owner: Any, chat: str) -> None:
    socket = await _open(socket_of, owner, chat)
    await socket.send_to(bytes_data=b"\x00\xff" * 100)
    assert (await socket.receive_json_from(3))["code"] == "malformed_frame"
    await socket.disconnect()
