"""Events reach the sockets of their group, as long as the person may read them."""

from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from webapp.live import consumer, groups
from webapp.live.events import TurnPhase
from webapp.live.publish import publish

EVENT = TurnPhase(turn="x", seq=3, state="running", phase={"name": "device", "step": None, "since": "2030-01-01T00:00:00"})


async def _open(socket_of: Any, user: Any, conversation: Any) -> Any:
    socket = await sync_to_async(socket_of)(user, f"/ws/chat/{conversation.pk}/")
    await socket.connect()
    assert (await socket.receive_json_from())["type"] == "snapshot"
    return socket


async def test_an_event_arrives_as_it_was_published(socket_of: Any, owner: Any, conversation: Any) -> None:
    socket = await _open(socket_of, owner, conversation)
    publish(groups.chat(conversation.pk), EVENT)
    assert await socket.receive_json_from(3) == EVENT.frame()
    await socket.disconnect()


async def test_an_event_of_another_conversation_does_not_arrive(socket_of: Any, owner: Any, conversation: Any) -> None:
    socket = await _open(socket_of, owner, conversation)
    publish(groups.chat("00000000-0000-0000-0000-000000000000"), EVENT)
    assert await socket.receive_nothing(0.3)
    await socket.disconnect()


async def test_five_hundred_events_arrive_in_order(socket_of: Any, owner: Any, conversation: Any) -> None:
    socket = await _open(socket_of, owner, conversation)
    for number in range(500):
        publish(groups.chat(conversation.pk), replace(EVENT, seq=number))
    assert [(await socket.receive_json_from(5))["seq"] for _ in range(500)] == list(range(500))
    await socket.disconnect()


async def test_a_deactivated_person_gets_no_more_events(
    socket_of: Any, owner: Any, conversation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "GOOD_FOR_S", 0.0)
    socket = await _open(socket_of, owner, conversation)
    owner.is_active = False
    await sync_to_async(owner.save)()
    publish(groups.chat(conversation.pk), EVENT)
    assert (await socket.receive_output(3)) == {"type": "websocket.close", "code": 4404}


async def test_a_deleted_conversation_sends_no_more_events(
    socket_of: Any, owner: Any, conversation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "GOOD_FOR_S", 0.0)
    socket = await _open(socket_of, owner, conversation)
    name = groups.chat(conversation.pk)
    await sync_to_async(conversation.delete)()
    publish(name, EVENT)
    assert (await socket.receive_output(3))["code"] == 4404


async def test_after_the_close_nothing_is_sent(
    socket_of: Any, owner: Any, conversation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "GOOD_FOR_S", 0.0)
    socket = await _open(socket_of, owner, conversation)
    name = groups.chat(conversation.pk)
    await sync_to_async(conversation.delete)()
    for _ in range(3):  # a server raises when a frame, or a second close, follows a close
        publish(name, EVENT)
    assert (await socket.receive_output(3))["type"] == "websocket.close"
    assert await socket.receive_nothing(0.5)


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(TypeError, match=r"'turn\.mood'.* is not a live event"):
        publish("chat.x", {"type": "turn.mood"})  # type: ignore[arg-type]


async def test_a_turn_is_fetched_again_on_request(socket_of: Any, owner: Any, conversation: Any) -> None:
    from inference.answering import turns

    turn = await sync_to_async(turns.ask)(owner, conversation.pk, "What is this?", None)
    socket = await _open(socket_of, owner, conversation)
    await socket.send_json_to({"type": "refetch", "turn": str(turn.pk)})
    answer = await socket.receive_json_from(3)
    assert answer["type"] == "turn.snapshot" and answer["turn"]["question"] == "What is this?"
    await socket.disconnect()
