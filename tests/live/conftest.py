"""Sockets as a browser opens them: through the whole ASGI application, with cookies and an Origin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.live.browser_socket import BrowserSocket

ORIGIN = (b"origin", b"http://localhost")


@pytest.fixture(autouse=True)
def _with_redis(redis_url: str, transactional_db: None) -> None:
    """Events cross a real Redis; rows must be committed for the consumers' threads to see them."""


@pytest.fixture
def socket_of() -> Callable[..., BrowserSocket]:
    def open_as(user: Any, path: str, origin: tuple[bytes, bytes] | None = ORIGIN, query: bytes = b"") -> BrowserSocket:
        from webapp.asgi import application

        headers = [(b"host", b"localhost")] + ([origin] if origin else [])
        if user is not None:
            client = Client()
            client.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            headers.append((b"cookie", f"{name}={client.cookies[name].value}".encode()))
        return BrowserSocket(application, path, headers, query)

    return open_as


@pytest.fixture
def conversation(owner: Any) -> Any:
    from webapp.chat.models import Conversation

    return Conversation.objects.create(owner=owner, title="Dog on the beach")
