"""Others of this installation read a conversation through a link, until it expires or is withdrawn, and change nothing."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from inference.models import CAMERA, Photo, Turn
from inference.photos import store
from tests.conftest import draw_photo
from webapp.accounts.models import AuditEntry, User
from webapp.chat.models import Share
from webapp.chat.sharing import links
from webapp.ops.retention import pruning


def _share(client: Any, turn: Turn, **fields: Any) -> Any:
    return client.post(f"/api/v1/conversations/{turn.conversation}/links", fields, content_type="application/json")


@pytest.fixture
def path(client_of: Any, owner: Any, turn: Turn) -> str:
    """Of the page that the link leads to."""
    return _share(client_of(owner), turn).json()["url"].removeprefix("http://testserver")


def _read(client: Any, path: str) -> Any:
    return client.get(f"/api/v1{path.rstrip('/')}")


def test_others_read_the_conversation_as_it_is_then(client_of: Any, owner: Any, colleague: Any, turn: Turn, path: str) -> None:
    other = client_of(colleague)
    Turn.objects.filter(pk=turn.pk).update(state="answered", answer="A dog.")
    body = _read(other, path).json()
    assert (body["title"], body["owner"], body["turns"][0]["answer"]) == ("What is in this photo?", "owner", "A dog.")
    page = other.get(path)
    assert page.status_code == 200 and "A dog." in page.content.decode() and page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]


def test_the_photo_is_seen_through_the_link_only(client_of: Any, owner: Any, colleague: Any, turn: Turn, path: str) -> None:
    other = client_of(colleague)
    address = _read(other, path).json()["turns"][0]["photo"]["url"]
    assert address == f"{path}photos/{turn.photo_id}/"
    assert turn.photo and other.get(address).content == turn.photo.path.read_bytes()
    assert other.get(f"{address}?small=1").content == turn.photo.small_path.read_bytes()
    assert "no-store" in other.get(address)["Cache-Control"]
    assert other.get(f"/photos/{turn.photo_id}/").status_code == 404
    assert other.get(f"/api/v1/photos/{turn.photo_id}/file").status_code == 404
    foreign = store.store(owner, [draw_photo(9)])
    assert other.get(f"{path}photos/{foreign.pk}/").status_code == 404


def test_a_photo_of_a_device_stays_there(client_of: Any, colleague: Any, turn: Turn, path: str) -> None:
    Photo.objects.filter(pk=turn.photo_id).update(source_format=CAMERA, placed={"jetson-a": {}})
    answer = client_of(colleague).get(f"{path}photos/{turn.photo_id}/")
    assert answer["Content-Type"] == "image/svg+xml" and "jetson-a" in answer.content.decode()


def test_nothing_can_be_changed_through_it(client_of: Any, colleague: Any, turn: Turn, path: str) -> None:
    other, api = client_of(colleague), f"/api/v1/conversations/{turn.conversation}"
    assert {other.post(path).status_code, other.delete(path).status_code, other.put(path).status_code} == {405}
    assert other.patch(api, {"title": "x"}, content_type="application/json").status_code == 404
    assert other.delete(api).status_code == 404 and other.get(f"{api}/export").status_code == 404
    for address in (f"/api/v1/turns/{turn.pk}/retry", f"/api/v1/turns/{turn.pk}/stop"):
        assert other.post(address).status_code == 404
    for address, fields in (("edit", {"question": "x"}),):
        assert other.post(f"/api/v1/turns/{turn.pk}/{address}", fields, content_type="application/json").status_code == 404
    rate = other.put(f"/api/v1/turns/{turn.pk}/rating", {"up": True}, content_type="application/json")
    assert rate.status_code == 404
    assert _share(other, turn).status_code == 404 and other.get(f"{api}/links").status_code == 404


def test_a_stranger_has_to_log_in(stranger: Any, turn: Turn, path: str) -> None:
    assert stranger.get(path)["Location"].startswith("/login/")
    assert stranger.get(f"{path}photos/{turn.photo_id}/")["Location"].startswith("/login/")
    assert _read(stranger, path).status_code == 401


def test_the_token_is_stored_hashed(path: str) -> None:
    token = path.split("/")[2]
    assert len(token) >= 43 and token not in str(Share.objects.values().get())
    assert not AuditEntry.objects.filter(detail__contains=token).exists()


def test_it_expires(client_of: Any, colleague: Any, turn: Turn, path: str) -> None:
    Share.objects.update(expires=timezone.now() - timedelta(seconds=1))
    _is_closed(client_of(colleague), turn, path)
    pruning.run()
    assert not Share.objects.exists()


def test_it_is_withdrawn(client_of: Any, owner: Any, colleague: Any, turn: Turn, path: str) -> None:
    api = f"/api/v1/conversations/{turn.conversation}/links"
    (row,) = client_of(owner).get(api).json()["items"]
    assert client_of(colleague).delete(f"{api}/{row['id']}").status_code == 404
    assert client_of(owner).delete(f"{api}/{row['id']}").status_code == 204
    _is_closed(client_of(colleague), turn, path)
    assert client_of(owner).delete(f"{api}/{row['id']}").status_code == 404
    assert client_of(owner).get(api).json()["items"] == []


def test_it_ends_with_the_conversation_and_with_its_owners_account(
    client_of: Any, owner: Any, colleague: Any, turn: Turn, path: str
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    _is_closed(client_of(colleague), turn, path)
    User.objects.filter(pk=owner.pk).update(is_active=True)
    assert client_of(colleague).get(path).status_code == 200
    client_of(owner).delete(f"/api/v1/conversations/{turn.conversation}")
    assert client_of(colleague).get(path).status_code == 404 and not Share.objects.exists()


@pytest.mark.parametrize("path", ["/shared/guess/", "/shared/%F0%9F%90%95/", f"/shared/{'x' * 3000}/"])
def test_a_token_that_was_guessed_opens_nothing(client_of: Any, colleague: Any, path: str) -> None:
    assert client_of(colleague).get(path).status_code == 404
    assert client_of(colleague).get(f"{path}photos/{uuid4()}/").status_code == 404


@pytest.mark.parametrize("days", [0, -1, 91, 10**9])
def test_an_expiry_that_is_too_short_or_too_long_is_refused(client_of: Any, owner: Any, turn: Turn, days: int) -> None:
    error = _share(client_of(owner), turn, days=days).json()["error"]
    assert (error["code"], error["message"]) == ("wrong_expiry", "A link is valid for 1 to 90 days.")
    assert not Share.objects.exists()


def test_the_links_of_a_conversation_are_bounded(client_of: Any, owner: Any, turn: Turn) -> None:
    client = client_of(owner)
    assert {_share(client, turn).status_code for _ in range(links.MOST_LINKS)} == {201}
    assert _share(client, turn).json()["error"]["code"] == "too_many_links"


def test_sharing_and_withdrawing_are_in_the_audit_trail(client_of: Any, owner: Any, turn: Turn) -> None:
    client = client_of(owner)
    link = _share(client, turn, days=30).json()
    client.delete(f"/api/v1/conversations/{turn.conversation}/links/{link['id']}")
    rows = AuditEntry.objects.about(f"conversation:{turn.conversation}").order_by("pk")
    assert [(row.by, row.action) for row in rows] == [("owner", "shared"), ("owner", "link withdrawn")]
    assert rows[0].detail.startswith("by a link, until 20") and rows[0].detail.endswith(" UTC")


def test_ratings_are_not_shared(client_of: Any, owner: Any, colleague: Any, turn: Turn, path: str) -> None:
    Turn.objects.filter(pk=turn.pk).update(state="answered", answer="A dog.")
    fields = {"up": False, "note": "a secret thought"}
    assert client_of(owner).put(f"/api/v1/turns/{turn.pk}/rating", fields, content_type="application/json").status_code == 200
    assert _read(client_of(colleague), path).json()["turns"][0]["rating"] is None
    assert "a secret thought" not in client_of(colleague).get(path).content.decode()


def _is_closed(client: Client, turn: Turn, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404 and "This link is invalid, expired or withdrawn." in page.content.decode()
    assert client.get(f"{path}photos/{turn.photo_id}/").status_code == 404
    assert _read(client, path).json()["error"]["code"] == "invalid_link"
