"""A socket closes as soon as its session ends, also when nothing happens on it."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client

from tests.live.browser_socket import BrowserSocket
from tests.live.conftest import ORIGIN
from webapp.accounts import people
from webapp.accounts.logins import second_factor, sessions
from webapp.accounts.models import LoginPolicy

CLOSED = {"type": "websocket.close", "code": 4401}
PATHS = ["/ws/devices/", "/ws/chat/"]


class Tab:
    """A browser with a session and a socket."""

    def __init__(self, user: Any, path: str) -> None:
        from webapp.asgi import application

        self.client = Client()
        self.client.force_login(user)
        self.key = self.client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = (b"cookie", f"{settings.SESSION_COOKIE_NAME}={self.key}".encode())
        self.socket = BrowserSocket(application, path, [(b"host", b"localhost"), ORIGIN, cookie])

    async def open(self) -> BrowserSocket:
        await self.socket.connect()
        assert (await self.socket.receive_json_from())["type"] == "snapshot"
        return self.socket


async def _open(user: Any, path: str, conversation: Any) -> Tab:
    tab = await sync_to_async(Tab)(user, f"{path}{conversation.pk}/" if path == "/ws/chat/" else path)
    await tab.open()
    return tab


@pytest.mark.parametrize("path", PATHS)
async def test_an_ended_session_closes_its_socket_and_no_other(owner: Any, conversation: Any, path: str) -> None:
    mine, other = await _open(owner, path, conversation), await _open(owner, path, conversation)
    await sync_to_async(sessions.end_all)(owner, but=mine.key)
    assert await other.socket.receive_output(3) == CLOSED
    await mine.socket.send_json_to({"type": "ping"})
    assert await mine.socket.receive_json_from() == {"type": "pong"}
    await mine.socket.disconnect()


@pytest.mark.parametrize("path", PATHS)
async def test_deactivating_closes_open_sockets(owner: Any, colleague: Any, conversation: Any, path: str) -> None:
    tab = await _open(owner, path, conversation)
    await sync_to_async(people.change_role)(colleague, "owner")
    await sync_to_async(people.deactivate)(owner)
    assert await tab.socket.receive_output(3) == CLOSED


@pytest.mark.parametrize("path", PATHS)
async def test_logging_out_closes_open_sockets(owner: Any, conversation: Any, path: str) -> None:
    tab = await _open(owner, path, conversation)
    await sync_to_async(tab.client.post)("/logout/")
    assert await tab.socket.receive_output(3) == CLOSED


@pytest.mark.parametrize("path", PATHS)
async def test_a_changed_password_closes_the_sockets_of_others(owner: Any, conversation: Any, path: str) -> None:
    tab, thief = await _open(owner, path, conversation), await _open(owner, path, conversation)
    fields = {"old_password": "correct horse", "new_password1": "purple elephant", "new_password2": "purple elephant"}
    answer = await sync_to_async(tab.client.post)("/account/password/", fields)
    assert answer.status_code == 302
    assert await thief.socket.receive_output(3) == CLOSED
    reopened = await sync_to_async(tab.client.get)("/account/")
    assert reopened.status_code == 200


async def test_a_socket_without_the_required_second_factor_is_refused(owner: Any, conversation: Any) -> None:
    open_before = await _open(owner, "/ws/devices/", conversation)
    await sync_to_async(people.require_second_factor)(LoginPolicy.EVERYBODY)
    assert await open_before.socket.receive_output(3) == CLOSED
    later = await sync_to_async(Tab)(owner, f"/ws/chat/{conversation.pk}/")
    await later.socket.connect()
    assert await later.socket.receive_output(3) == CLOSED
    assert await sync_to_async(second_factor.policy)() == LoginPolicy.EVERYBODY
