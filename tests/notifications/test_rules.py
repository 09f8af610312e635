"""Who gets what, by which channel, and when: rules, quiet hours, cool-down; and e-mail by a real SMTP server."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

import pytest
from django.utils import timezone

from tests.notifications.conftest import deliver, make_due
from webapp.notices.models import Delivery, Notice, Preferences, Rule
from webapp.notices.tell import Event, tell
from webapp.ops.notifications import spreading

pytestmark = pytest.mark.django_db


class Postbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs. The server decides about recipients."""

    def handle(self) -> None:
        self.wfile.write(b"220 box\r\n")
        while line := self.rfile.readline().strip():
            verb = line.split(b" ")[0].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.mails.append(message_from_bytes(b"".join(lines), policy=default))  # type: ignore[attr-defined]
            answer = self.server.recipients if verb == b"RCPT" else "250 ok"  # type: ignore[attr-defined]
            self.wfile.write(f"{answer if verb != b'QUIT' else '221 bye'}\r\n".encode())
            if verb == b"QUIT":
                return


@pytest.fixture
def postbox(settings: Any) -> Iterator[Any]:
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postbox)
    server.daemon_threads, server.mails, server.recipients = True, list[Message](), "250 ok"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "isthmus@example.org"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def reader(owner: Any) -> Any:
    """An admin who wants e-mail about nodes."""
    owner.email = "owner@example.org"
    owner.save()
    Rule.objects.create(person=owner, kind="node.offline", channels=["mail"])
    return owner


def tell_offline(title: str = "Kitchen", node: str = "jetson-a") -> None:
    tell(Event("node.offline", {"title": title, "silent_s": 12}, node, f"/devices/{node}/"))


def test_a_mail_says_what_happened_where_to_look_and_how_to_change_it(postbox: Any, reader: Any) -> None:
    tell_offline("Kitchen\r\nBcc: everybody@example.org")
    deliver()
    (mail,) = postbox.mails
    assert mail["To"] == "owner@example.org" and mail["Bcc"] is None
    assert mail["Subject"] == "Isthmus: Kitchen Bcc: everybody@example.org is offline"
    assert mail["Message-ID"].startswith("<notice-")
    text = mail.get_content()
    assert "/devices/jetson-a/" in text and "/account/notifications/" in text


def test_without_a_mail_server_or_an_address_it_is_skipped_and_says_so(
    settings: Any, reader: Any, outcome: Callable[[str], Any]
) -> None:
    settings.EMAIL_HOST = ""
    tell_offline()
    deliver()
    assert (outcome("mail").state, outcome("mail").outcome) == ("skipped", "No mail server is set: ISTHMUS_EMAIL_HOST.")
    Delivery.objects.all().delete()
    settings.EMAIL_HOST, reader.email = "mail.example.org", ""
    reader.save()
    tell_offline(node="jetson-b")
    deliver()
    assert (outcome("mail").state, outcome("mail").outcome) == ("skipped", "The account has no e-mail address.")


def test_a_full_mailbox_is_tried_again_and_an_unknown_one_is_not(
    postbox: Any, reader: Any, outcome: Callable[[str], Any]
) -> None:
    postbox.recipients = "452 mailbox full"
    tell_offline()
    deliver()
    assert outcome("mail").state == "waiting"
    postbox.recipients = "550 no such user"
    make_due()
    deliver()
    assert (outcome("mail").state, postbox.mails) == ("failed", [])


def test_members_hear_nothing_of_nodes_and_nobody_else_of_a_run(postbox: Any, reader: Any, colleague: Any) -> None:
    colleague.email = "colleague@example.org"
    colleague.save()
    for kind in ("node.offline", "run.finished"):
        Rule.objects.update_or_create(person=colleague, kind=kind, defaults={"channels": ["mail"]})
        Rule.objects.update_or_create(person=reader, kind=kind, defaults={"channels": ["mail"]})
    tell_offline()
    tell(Event("run.finished", {"run": 3, "rounds": 5}, "3", "/federation/3/", colleague))
    deliver()
    got = sorted((mail["To"], mail["Subject"]) for mail in postbox.mails)
    assert got == [
        ("colleague@example.org", "Isthmus: Run 3 has finished"),
        ("owner@example.org", "Isthmus: Kitchen is offline"),
    ]


def test_a_kind_that_is_turned_off_is_not_sent(postbox: Any, reader: Any) -> None:
    Rule.objects.update(channels=[])
    tell_offline()
    deliver()
    assert postbox.mails == []


def test_quiet_hours_hold_messages_until_they_are_over(postbox: Any, reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Preferences.objects.create(person=reader, time_zone="Asia/Tokyo", quiet_from=time(22), quiet_until=time(7))
    night = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)  # 23:00 in Tokyo
    notice = Notice.objects.create(
        kind="node.offline", subject="a", key="a", values={"title": "A", "silent_s": 1}, due_at=night
    )
    spreading._spread(notice, night)
    row = Delivery.objects.get(channel="mail")
    assert row.due_at == datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    assert "quiet hours" in row.outcome
    assert Delivery.objects.get(channel="log").due_at == night  # the installation has none
    Delivery.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    deliver()
    assert len(postbox.mails) == 1


def test_within_the_cool_down_further_ones_of_the_kind_are_skipped(postbox: Any, reader: Any) -> None:
    Rule.objects.update(cool_down_s=600)
    for node in ("jetson-a", "jetson-b", "jetson-c"):
        tell_offline(node, node)
        deliver()
    assert [mail["Subject"] for mail in postbox.mails] == ["Isthmus: jetson-a is offline"]
    assert Delivery.objects.filter(channel="mail", state="skipped").count() == 2
    Delivery.objects.update(created=timezone.now() - timedelta(seconds=601))
    tell_offline("jetson-d", "jetson-d")
    deliver()
    assert len(postbox.mails) == 2
