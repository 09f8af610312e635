"""A photo, a conversation and a turn of the owner's, without any node."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F

from inference.models import Photo, Step, Turn
from inference.photos import store
from tests.placement.test_receipt_type import FIRST
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


@pytest.fixture
def answer() -> Callable[..., Turn]:
    """Answers a turn as a worker would have left it, with a receipt."""

    def end(turn: Turn, text: str, **receipt: Any) -> Turn:
        Turn.objects.filter(pk=turn.pk).update(state="answered", answer=text, phase=None, seq=F("seq") + 1)
        stored = {**FIRST, "task": "vqa", "route": "split", "confidence": 0.8, "sure": True, "certainty": "probable", **receipt}
        Step.objects.create(turn=turn, number=1, task="vqa", state="answered", receipt=stored)
        turn.refresh_from_db()
        return turn

    return end
