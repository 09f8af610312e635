"""Photos and questions of two people, without any node."""

from collections.abc import Callable
from typing import Any

import pytest

from inference.models import Photo, Turn
from inference.photos import store
from webapp.chat import conversations

Ask = Callable[..., list[Turn]]


@pytest.fixture(autouse=True)
def _with_redis(redis_url: str) -> None:
    """Questions are queued for real; nobody takes them."""


@pytest.fixture(autouse=True)
def _long_leases(settings: Any) -> None:
    """A busy machine must not make a claimed question look abandoned."""
    settings.LEASE_S = 600


@pytest.fixture
def photo(owner: Any, photo_bytes: bytes) -> Photo:
    return store.store(owner, [photo_bytes])


@pytest.fixture
def ask() -> Ask:
    """Asks so many questions in the name of a person."""

    def ask(person: Any, count: int = 1) -> list[Turn]:
        return [conversations.ask(person, f"What is this? ({number})") for number in range(count)]

    return ask
