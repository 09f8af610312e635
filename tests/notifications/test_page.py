"""The page about notifications: what each person may choose, test and see; and the files of the installable app."""

import io
import json
import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.notifications.conftest import Receiver, deliver, make_due
from tests.notifications.test_push import keys, private  # noqa: F401  fixtures
from webapp.notices.models import Browser, Delivery, Notice, Preferences, Rule
from webapp.notices.tell import Event, tell

pytestmark = pytest.mark.django_db
PAGE = "/account/notifications/"
STATIC = Path(__file__).resolve().parents[2] / "static"


@pytest.fixture
def admin(client_of: Callable[[Any], Any], owner: Any) -> Any:
    return client_of(owner)


@pytest.fixture
def member(client_of: Callable[[Any], Any], colleague: Any) -> Any:
    return client_of(colleague)


def test_a_member_sees_what_concerns_members_and_nothing_of_the_installation(member: Any, admin: Any) -> None:
    seen = member.get(PAGE).content.decode()
    assert "A training run finished" in seen
    assert "A node went offline" not in seen and "Webhook" not in seen
    seen = admin.get(PAGE).content.decode()
    assert "A node went offline" in seen and "Webhook" in seen
    assert "No address is set: ISTHMUS_WEBHOOK_URL." in seen
    assert "No mail server is set: ISTHMUS_EMAIL_HOST." in seen


def test_what_is_chosen_is_stored_and_shown_again(admin: Any, owner: Any) -> None:
    form = {"node.offline:mail": "on", "node.offline:cool_down": "600", "run.failed:push": "on"}
    admin.post(f"{PAGE}rules/", form)
    rule = Rule.objects.get(person=owner, kind="node.offline")
    assert (rule.channels, rule.cool_down_s) == (["mail"], 600)
    assert Rule.objects.get(person=owner, kind="disk.low").channels == []
    seen = admin.get(PAGE).content.decode()
    assert re.search(r'name="node.offline:mail" checked', seen)
    assert not re.search(r'name="node.offline:push" checked', seen)
    assert '<option value="600" selected>' in seen


def test_a_member_cannot_choose_what_is_for_admins(member: Any, colleague: Any) -> None:
    member.post(f"{PAGE}rules/", {"node.offline:push": "on", "run.failed:push": "on"})
    assert not Rule.objects.filter(person=colleague, kind="node.offline").exists()
    assert Rule.objects.get(person=colleague, kind="run.failed").channels == ["push"]


@pytest.mark.parametrize("bad", ["7", "-1", "x", "٣", "9" * 40, ""])
def test_a_bad_choice_of_how_often_changes_nothing(admin: Any, bad: str) -> None:
    answer = admin.post(f"{PAGE}rules/", {"node.offline:cool_down": bad, "disk.low:mail": "on"}, follow=True)
    assert "This is no choice of how often." in answer.content.decode()
    assert not Rule.objects.exists()


def test_quiet_hours_are_stored_with_their_zone_and_can_be_removed(admin: Any, owner: Any) -> None:
    admin.post(f"{PAGE}hours/", {"time_zone": "Europe/Berlin", "quiet_from": "22:00", "quiet_until": "06:30"})
    stored = Preferences.objects.get(person=owner)
    assert (stored.time_zone, stored.quiet_from, stored.quiet_until) == ("Europe/Berlin", time(22), time(6, 30))
    assert 'value="06:30"' in admin.get(PAGE).content.decode()
    admin.post(f"{PAGE}hours/", {"time_zone": "Europe/Berlin", "quiet_from": "", "quiet_until": ""})
    assert Preferences.objects.get(person=owner).quiet_from is None


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"time_zone": "Mars/Olympus", "quiet_from": "22:00", "quiet_until": "07:00"}, "There is no such time zone."),
        ({"time_zone": "../../etc/passwd", "quiet_from": "", "quiet_until": ""}, "There is no such time zone."),
        ({"time_zone": "UTC", "quiet_from": "22:00", "quiet_until": ""}, "Quiet hours need a beginning and an end."),
        ({"time_zone": "UTC", "quiet_from": "25:00", "quiet_until": "soon"}, "Quiet hours need a beginning and an end."),
        ({}, "There is no such time zone."),
    ],
)
def test_bad_quiet_hours_are_one_sentence(admin: Any, form: dict[str, str], sentence: str) -> None:
    assert sentence in admin.post(f"{PAGE}hours/", form, follow=True).content.decode()
    assert not Preferences.objects.exists()


def test_a_test_goes_the_way_of_every_other_one_and_its_outcome_is_shown(admin: Any, receiver: Receiver) -> None:
    admin.post(f"{PAGE}test/webhook/")
    assert receiver.posts == []  # nobody waits for the receiver
    assert "data-waits" in admin.get(PAGE).content.decode()
    deliver()
    assert json.loads(receiver.posts[0][1])["event"] == "test"
    receiver.status = 500
    admin.post(f"{PAGE}test/webhook/")
    deliver()
    seen = admin.get(PAGE).content.decode()
    assert "The receiver answered 500." in seen and "A test from Isthmus" in seen
    assert "data-waits" not in seen


def test_a_test_by_mail_without_a_server_says_so(admin: Any) -> None:
    admin.post(f"{PAGE}test/mail/")
    assert Delivery.objects.get().outcome == "No mail server is set: ISTHMUS_EMAIL_HOST."
    assert "skipped" in admin.get(PAGE).content.decode()


def test_a_test_without_a_browser_says_what_to_do(admin: Any) -> None:
    seen = admin.post(f"{PAGE}test/push/", follow=True).content.decode()
    assert "turn them on in this one first" in seen


def test_only_admins_test_the_installations_channels_and_unknown_ones_are_not_there(member: Any, admin: Any) -> None:
    assert member.post(f"{PAGE}test/webhook/").status_code == 403
    assert admin.post(f"{PAGE}test/pigeon/").status_code == 404
    assert not Notice.objects.exists()


def test_people_see_their_own_deliveries_and_admins_all_failures(
    member: Any,
    admin: Any,
    colleague: Any,
    settings: Any,
    keys: tuple[str, str],  # noqa: F811
) -> None:
    settings.PUSH_HOSTS = ["127.0.0.1"]
    Browser.objects.create(person=colleague, endpoint="http://127.0.0.1:1/x", p256dh=keys[0], auth=keys[1])
    tell(Event("run.failed", {"run": 7, "reason": "No node."}, "7", "/federation/7/", colleague))
    deliver()
    Delivery.objects.filter(channel="push").update(attempts=99)
    make_due()
    deliver()
    assert "Run 7 has failed" in member.get(PAGE).content.decode()
    seen = admin.get(PAGE).content.decode()
    mine, _, all_of_them = seen.partition('aria-labelledby="shared"')
    assert "Run 7 has failed" not in mine and "colleague" in all_of_them


def test_a_browser_subscribes_and_is_removed(
    admin: Any,
    member: Any,
    owner: Any,
    keys: tuple[str, str],  # noqa: F811
) -> None:
    body = {"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": keys[0], "auth": keys[1]}}
    answer = admin.post(f"{PAGE}browsers/", body, content_type="application/json", headers={"User-Agent": "Firefox"})
    assert answer.status_code == 201
    browser = Browser.objects.get(person=owner)
    assert "Firefox" in admin.get(PAGE).content.decode()
    assert member.post(f"{PAGE}browsers/{browser.pk}/remove/").status_code == 404
    answer = member.post(f"{PAGE}browsers/forget/", {"endpoint": browser.endpoint}, content_type="application/json")
    assert answer.json() == {"unsubscribed": False}
    admin.post(f"{PAGE}browsers/{browser.pk}/remove/")
    assert not Browser.objects.exists()


@pytest.mark.parametrize("body", [" ", "[]", "null", "{", '{"keys": 3}', '{"endpoint": 3, "keys": {"p256dh": [], "auth": {}}}'])
def test_a_bad_subscription_is_one_sentence(admin: Any, body: str) -> None:
    answer = admin.post(f"{PAGE}browsers/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_subscription")


def test_the_app_can_be_installed(stranger: Any) -> None:
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text())
    for icon in manifest["icons"]:
        file = STATIC / icon["src"]
        if icon["type"] == "image/png":
            with Image.open(io.BytesIO(file.read_bytes())) as picture:
                assert f"{picture.width}x{picture.height}" == icon["sizes"]
            assert file.stat().st_size < 10_000
    assert {"any", "maskable"} <= {icon["purpose"] for icon in manifest["icons"]}
    login = stranger.get("/login/")
    assert "manifest.webmanifest" in login.content.decode()
    worker = stranger.get("/service-worker.js")
    assert worker.status_code == 200 and worker["Content-Type"].startswith("text/javascript")
    assert worker["Cache-Control"] == "no-cache"
    assert worker["Content-Security-Policy"] == login["Content-Security-Policy"]


def test_what_is_stored_in_browsers_is_the_shell_and_names_nobody(stranger: Any, admin: Any) -> None:
    script = b"".join(stranger.get("/service-worker.js").streaming_content).decode()
    files = re.search(r"FILES = \[(.*?)\]", script)
    assert files is not None
    paths = re.findall(r"\"([^\"]+)\"", files[1])
    assert paths and all(path.startswith("/static/") for path in paths)
    assert "owner" not in admin.get("/offline/").content.decode()
