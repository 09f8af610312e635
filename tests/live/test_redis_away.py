"""Redis is unavailable: questions are stored, pages say so, nothing hangs."""

import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def without_redis(settings: Any) -> Any:
    settings.REDIS_URL = NOBODY
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [NOBODY]}}
    }
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()


async def test_an_opened_socket_says_that_live_updates_are_off(
    without_redis: None, socket_of: Any, owner: Any, conversation: Any
) -> None:
    socket = await sync_to_async(socket_of)(owner, f"/ws/chat/{conversation.pk}/")
    assert (await socket.connect(5))[0]
    frame = await socket.receive_json_from(5)
    assert frame["code"] == "redis_down" and "reconnects by itself" in frame["next"]
    assert (await socket.receive_output(3))["type"] == "websocket.close"


def test_a_question_is_stored_until_it_returns(without_redis: None, client_of: Any, owner: Any) -> None:
    from inference.models import Turn

    started = time.monotonic()
    answer = client_of(owner).post("/api/v1/turns", {"question": "What is this?"}, content_type="application/json")
    assert answer.status_code == 202 and Turn.objects.get().state == "queued"
    assert time.monotonic() - started < 8


def test_health_names_the_missing_part(without_redis: None, stranger: Any) -> None:
    answer = stranger.get("/healthz")
    assert answer.status_code == 503 and answer.json()["redis"] is False and answer.json()["database"] is True
