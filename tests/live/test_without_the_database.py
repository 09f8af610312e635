"""The database is away: a socket says so and closes, so that the page tries again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError
from django.db.backends.utils import CursorWrapper


@pytest.fixture
def break_database() -> Iterator[Callable[[type[Exception]], None]]:
    """In every thread, as when the server is gone."""
    patch = pytest.MonkeyPatch()

    def switch_off(kind: type[Exception]) -> None:
        def execute(*arguments: Any) -> None:
            raise kind("server closed the connection unexpectedly")

        patch.setattr(CursorWrapper, "execute", execute)

    yield switch_off
    patch.undo()  # before the rows of the test are deleted


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
async def test_a_socket_that_is_opened_gets_the_sentence(
    socket_of: Any, owner: Any, conversation: Any, break_database: Any, kind: type[Exception]
) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/chat/{conversation.pk}/")
    break_database(kind)
    assert (await socket.connect(10))[0]
    frame = await socket.receive_json_from()
    assert (frame["type"], frame["code"]) == ("error", "database_unavailable")
    assert (await socket.receive_output()) == {"type": "websocket.close", "code": 1013}


async def test_an_open_socket_gets_the_sentence(
    socket_of: Any, owner: Any, conversation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/chat/{conversation.pk}/")
    await socket.connect(10)
    await socket.receive_json_from()

    def away(*arguments: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("webapp.chat.consumers.ChatConsumer.receive_frame", away)
    await socket.send_json_to({"type": "refetch"})
    assert (await socket.receive_json_from())["code"] == "database_unavailable"
    assert (await socket.receive_output())["code"] == 1013
