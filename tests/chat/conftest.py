"""A photo, a conversation and a turn of the owner's, without any node."""

from typing import Any

import pytest

from inference.models import Photo, Turn
from inference.photos import store
from webapp.chat import conversations


@pytest.fixture(autouse=True)
def _with_redis(redis_url: str) -> None:
    """Questions are queued for real; nobody takes them."""


@pytest.fixture
def photo(owner: Any, photo_bytes: bytes) -> Photo:
    return store.store(owner, [photo_bytes])


@pytest.fixture
def turn(owner: Any, photo: Photo) -> Turn:
    return conversations.ask(owner, "What is in this photo?", photo=photo.pk)
