"""What belongs to one person is not found for another, and a stranger has to log in."""

from typing import Any

import pytest

from inference.answering import turns
from inference.models import Turn

OWN = ("/api/v1/turns/{turn}", "/api/v1/conversations/{conversation}", "/photos/{photo}/")


def _addresses(turn: Turn) -> list[str]:
    return [path.format(turn=turn.pk, conversation=turn.conversation, photo=turn.photo_id) for path in OWN]


def test_the_owner_sees_all_of_it(client_of: Any, owner: Any, turn: Turn) -> None:
    assert [client_of(owner).get(path).status_code for path in _addresses(turn)] == [200] * 3


def test_a_colleague_gets_not_found(client_of: Any, colleague: Any, turn: Turn) -> None:
    assert [client_of(colleague).get(path).status_code for path in _addresses(turn)] == [404] * 3
    assert client_of(colleague).get("/api/v1/conversations").json()["items"] == []


def test_a_colleague_is_redirected_from_the_conversation_page(client_of: Any, colleague: Any, turn: Turn) -> None:
    assert client_of(colleague).get(f"/c/{turn.conversation}/").headers["Location"] == "/"


@pytest.mark.parametrize("verb", ["stop", "retry"])
def test_a_colleague_can_neither_stop_nor_retry(client_of: Any, colleague: Any, turn: Turn, verb: str) -> None:
    assert client_of(colleague).post(f"/api/v1/turns/{turn.pk}/{verb}").status_code == 404
    turn.refresh_from_db()
    assert turn.state == "queued"


def test_a_colleague_cannot_ask_about_the_photo_or_in_the_conversation(client_of: Any, colleague: Any, turn: Turn) -> None:
    client = client_of(colleague)
    for fields in ({"photo": str(turn.photo_id)}, {"conversation": str(turn.conversation)}):
        assert client.post("/api/v1/turns", {"question": "hi", **fields}, content_type="application/json").status_code == 404
    assert Turn.objects.count() == 1


def test_a_colleague_cannot_delete_the_conversation(client_of: Any, colleague: Any, turn: Turn) -> None:
    assert client_of(colleague).delete(f"/api/v1/conversations/{turn.conversation}").status_code == 404
    assert Turn.objects.exists()


def test_a_stranger_is_asked_to_log_in(stranger: Any, turn: Turn) -> None:
    api = [stranger.get(path) for path in _addresses(turn) if path.startswith("/api/")]
    assert {answer.status_code for answer in api} == {401} and {a.json()["error"]["code"] for a in api} == {"not_logged_in"}
    page = stranger.get(f"/photos/{turn.photo_id}/")
    assert page.status_code == 302 and page.headers["Location"].startswith("/login/")


def test_deleting_a_conversation_deletes_its_photo(client_of: Any, owner: Any, turn: Turn) -> None:
    assert turn.photo is not None
    files = turn.photo.path, turn.photo.small_path
    assert all(file.exists() for file in files)
    assert client_of(owner).delete(f"/api/v1/conversations/{turn.conversation}").status_code == 204
    assert not Turn.objects.exists() and not any(file.exists() for file in files)


def test_a_photo_of_another_turn_is_not_deleted(client_of: Any, owner: Any, turn: Turn) -> None:
    from webapp.chat import conversations

    other = conversations.ask(owner, "Again?", photo=turn.photo_id)
    client_of(owner).delete(f"/api/v1/conversations/{turn.conversation}")
    other.refresh_from_db()
    assert other.photo is not None and other.photo.path.exists()
    assert turns.as_json(other)["photo"]["id"] == str(turn.photo_id)
