"""The owner's client and a photo; every response is checked against the schema by tests.openapi."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inference.models import Photo
from inference.photos import store


@pytest.fixture
def api(owner: Any, client_of: Callable[[Any], Client], redis_url: str) -> Client:
    return client_of(owner)


@pytest.fixture
def photo(owner: Any, photo_bytes: bytes) -> Photo:
    return store.store(owner, [photo_bytes])
