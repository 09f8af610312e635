"""Whatever one person can pile up has a bound: open pages, waiting calls, tokens, long conversations, the planner's budget."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from devices import dispatch
from devices.models import Node
from inference.answering import planner_usage
from inference.models import PlannerCall, Turn
from inference.photos.on_device import device_photos
from tests.fairness.conftest import Ask
from tests.live.browser_socket import BrowserSocket
from tests.live.conftest import socket_of as socket_of
from webapp.accounts.models import ApiToken
from webapp.chat import conversations
from webapp.live import consumer
from webapp.live.at_once import AtOnce
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db


def test_the_limit_of_one_person_is_no_limit_of_another() -> None:
    calls = AtOnce(2, "calls")
    with calls.of(1), calls.of(1), calls.of(2):
        with pytest.raises(UserError, match="You have 2 calls already") as refusal, calls.of(1):
            pass
        assert refusal.value.status == 429 and refusal.value.next
    with calls.of(1), calls.of(1):
        pass
    assert not calls._counts


@pytest.mark.django_db(transaction=True)
async def test_a_person_has_a_bounded_number_of_sockets(
    socket_of: Callable[..., BrowserSocket], owner: Any, colleague: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "OPEN", AtOnce(2, "pages"))
    sockets = [await sync_to_async(socket_of)(owner, "/ws/devices/") for _ in range(3)]
    for socket in sockets[:2]:
        await socket.connect()
        assert (await socket.receive_json_from())["type"] == "snapshot"
    await sockets[2].connect()
    assert (await sockets[2].receive_output(2))["code"] == 4429
    other = await sync_to_async(socket_of)(colleague, "/ws/devices/")
    await other.connect()
    assert (await other.receive_json_from())["type"] == "snapshot"
    await sockets[0].disconnect()
    again = await sync_to_async(socket_of)(owner, "/ws/devices/")
    await again.connect()
    assert (await again.receive_json_from())["type"] == "snapshot"
    for socket in (sockets[1], other, again):
        await socket.disconnect()


def test_a_person_has_few_calls_to_devices_at_once(owner: Any) -> None:
    hardware = {"cameras": [{"name": "garden"}]}
    Node.objects.create(slug="jetson-a", tier="device", approved=True, token_sha256="a", hardware=hardware)
    calls = device_photos.CALLS
    with calls.of(owner.pk), calls.of(owner.pk), calls.of(owner.pk), pytest.raises(UserError, match="already"):
        device_photos.take(owner, "jetson-a", "garden")


def test_a_person_has_a_bounded_number_of_tokens(client_of: Any, owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiToken, "MOST", 2)
    for _ in range(2):
        ApiToken.issue(owner, "script")
    answer = client_of(owner).post("/account/", {"name": "third"})
    assert answer.status_code == 409 and "Revoke one" in answer.content.decode()
    assert ApiToken.objects.filter(owner=owner).count() == 2


def test_a_conversation_has_a_bounded_number_of_questions(
    client_of: Any, owner: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MOST_TURNS", 1)
    (turn,) = ask(owner)
    body = {"question": "And now?", "conversation": str(turn.conversation)}
    answer = client_of(owner).post("/api/v1/turns", body, content_type="application/json")
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "conversation_full"
    assert Turn.objects.count() == 1


def test_one_person_spends_half_of_the_planners_budget_where_there_are_others(owner: Any, colleague: Any) -> None:
    PlannerCall.objects.create(owner=owner, model="m", purpose="plan", outcome="ok", ms=1.0, cost=3.0)
    log = planner_usage.usage_log()
    with dispatch.on_behalf_of(owner.pk):
        assert log.spent_today() == 6.0, "with a daily limit of 6, the owner's questions are planned offline from now on"
    with dispatch.on_behalf_of(colleague.pk):
        assert log.spent_today() == 3.0
    colleague.is_active = False
    colleague.save()
    with dispatch.on_behalf_of(owner.pk):
        assert log.spent_today() == 3.0, "who is alone may spend all"
