"""A channel that is added to CHANNELS, and a kind that is added to KINDS, work without another change."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.notifications.conftest import deliver
from webapp.accounts.models import User
from webapp.notices import kinds
from webapp.notices.kinds import Kind
from webapp.notices.models import Delivery, Notice
from webapp.notices.tell import Event, tell
from webapp.ops import notifications
from webapp.ops.notifications.channel import Channel, Message

pytestmark = pytest.mark.django_db


class Pager:
    name, label, personal = "pager", "Pager", True

    def __init__(self) -> None:
        self.received: list[tuple[Message, str]] = []

    def obstacle(self) -> str:
        return ""

    def targets(self, person: User) -> list[str]:
        return [f"pager-of-{person.username}"]

    def send(self, message: Message, target: str) -> None:
        self.received.append((message, target))


WATCH = Kind("watch.event", "A watch saw something", "%(camera)s", "%(answer)s", "info", "person", channels=("pager",))


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch) -> Pager:
    made = Pager()
    channels: list[Channel] = [*notifications.CHANNELS, made]
    monkeypatch.setattr(notifications, "CHANNELS", channels)
    monkeypatch.setattr(kinds, "KINDS", [*kinds.KINDS, WATCH])
    return made


def test_it_receives_a_notice_of_the_new_kind_once(pager: Pager, owner: Any, colleague: Any) -> None:
    tell(Event("watch.event", {"camera": "garden", "answer": "A fox."}, "garden", person=colleague))
    deliver()
    deliver()
    ((message, target),) = pager.received
    assert (message.title, message.sentence, target) == ("garden", "A fox.", "pager-of-colleague")
    assert Delivery.objects.get(channel="pager").state == "sent"


def test_both_are_on_the_page_of_rules(pager: Pager, owner: Any, client_of: Callable[[Any], Any]) -> None:
    page = client_of(owner).get("/account/notifications/").content.decode()
    assert "A watch saw something" in page
    assert 'name="watch.event:pager"' in page


def test_an_unknown_kind_and_a_missing_value_are_errors_of_the_caller() -> None:
    with pytest.raises(KeyError):
        tell(Event("no.such.kind"))
    with pytest.raises(KeyError):
        tell(Event("node.offline", {"node": "jetson-a"}))
    assert not Notice.objects.exists()


def test_the_same_key_is_one_notice() -> None:
    first = tell(Event("disk.low", {"free": "1 GB", "percent": "3"}, key="disk.low:2026-11-30"))
    again = tell(Event("disk.low", {"free": "0.9 GB", "percent": "2"}, key="disk.low:2026-11-30"))
    assert first is not None and again is None
    assert Notice.objects.count() == 1
