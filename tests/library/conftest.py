"""A client of the owner's and photos of theirs, without any node."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from inference.models import Photo, slot_of
from inference.photos import store
from tests.conftest import draw_photo

LIBRARY = "/api/v1/library"


@pytest.fixture
def api(owner: Any, client_of: Callable[[Any], Client], redis_url: str) -> Client:
    return client_of(owner)


@pytest.fixture
def photo(owner: Any) -> Photo:
    return store.store(owner, [draw_photo(1)])


@pytest.fixture
def add(owner: Any) -> Callable[..., Photo]:
    """A row without files, added at a moment of November 2026."""

    def add(day: int, hour: int = 12, minute: int = 0, person: Any = owner, **fields: Any) -> Photo:
        moment = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
        facts: dict[str, Any] = {"width": 4, "height": 3, "bytes": 1, "source_format": "JPEG", "source_bytes": 1, **fields}
        return Photo.objects.create(owner=person, created=moment, slot=slot_of(moment), **facts)

    return add


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json()["items"]]


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"{LIBRARY}{path}", body, content_type="application/json")
